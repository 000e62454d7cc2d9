"""What TWS's error codes mean, in the port's words. The one table; its codes are from IB's list of message codes.

TWS calls everything an error: refusals, warnings, the state of its own lines. A code that is not here leaves doubt.
Knows no order.
"""

import re
from enum import StrEnum

__all__ = ["NotSent", "Refused", "Unanswered", "Verdict", "judge", "reason"]


class Verdict(StrEnum):
    """What an error is."""

    REFUSED = "refused"  # the request was not carried out
    ENDED = "ended"  # the order is canceled
    CANCEL_REFUSED = "cancel_refused"  # the order cannot be canceled
    CHANGE_REFUSED = "change_refused"  # the order stands as it was
    NOTED = "noted"  # a warning: what was asked goes on
    DOWN = "down"  # TWS has lost Interactive Brokers
    BACK = "back"  # it is there again; `judge` does not tell whether subscriptions are
    TAKEN = "taken"  # the client id is in use
    LOST = "lost"  # this connection is over
    LIMITED = "limited"  # too many messages
    DOUBT = "doubt"  # whether it was done is not known


class Refused(Exception):
    """TWS has answered a question with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(reason(code, text))
        self.code = code


class Unanswered(Exception):
    """A question has no answer, or nobody can be asked."""


class NotSent(Unanswered):
    """It would have waited too long for its turn, or the gate was shut meanwhile: it has not left."""


_REFUSED = frozenset({
    103,  # duplicate order id
    106, 107, 109, 110, 111, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123,  # cannot be transmitted as it is
    131, 132, 133, 137, 138, 139, 140, 141, 142, 144, 145, 146, 147, 148, 151, 152, 153, 154, 155, 157, 158, 159, 160,
    163, 164,  # the price is beyond the percentage of the order's defaults, or cannot be compared
    200,  # no such contract, or several
    201,  # order rejected - reason
    203,  # not available or allowed for this account
    320, 321,  # cannot be read, or is not valid; the read-only API says so too
    325, 327, 328, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 348, 349, 350, 351, 352, 353, 355,
    356, 357, 358, 359, 361, 362, 363, 367, 368, 369, 370, 371, 372, 373, 374, 375, 376, 377, 378, 379, 380, 382, 383,
    387, 388, 389, 390, 391, 392, 393, 394, 395, 396, 397, 398, 401, 402, 403, 405, 406, 407, 408, 409, 410, 411, 412,
    413, 414, 415, 416, 417, 418, 419, 422, 423, 424, 425, 426, 427, 428, 429, 430, 431, 432, 433,
    434,  # the size cannot be zero
    435, 436, 437, 438, 439, 440, 441, 442, 443, 444, 445, 446, 447, 448, 449, 461, 463,
    10052, 10243, 10268, 10269, 10318,  # time in force, attributes, fractions
})  # fmt: skip
_CODES = {
    **dict.fromkeys(_REFUSED, Verdict.REFUSED),
    202: Verdict.ENDED,
    **dict.fromkeys((136, 161, 10147, 10148), Verdict.CANCEL_REFUSED),
    **dict.fromkeys((104, 105, 134, 329, 2102), Verdict.CHANGE_REFUSED),
    **dict.fromkeys((399, 404, 481, 10167, 10349), Verdict.NOTED),
    **dict.fromkeys((1100, 2110), Verdict.DOWN),
    **dict.fromkeys((1101, 1102), Verdict.BACK),
    326: Verdict.TAKEN,
    **dict.fromkeys((502, 503, 504, 507, 1300), Verdict.LOST),
    100: Verdict.LIMITED,
}
DATA_LOST = 1101  # what was subscribed is not any more; after 1102 it still is
_TAGS = re.compile(r"<[^>]{0,40}>")
_LONGEST = 300


def judge(code: int) -> Verdict:
    """What an error of TWS means."""
    known = _CODES.get(code)
    if known is not None:
        return known
    return Verdict.NOTED if 2100 <= code < 2200 else Verdict.DOUBT


def reason(code: int, text: str) -> str:
    """An error in words: TWS's own, without its markup, and the code."""
    words = " ".join(_TAGS.sub(" ", text).split())
    return f"{words or 'no words'} ({code})"[:_LONGEST]
