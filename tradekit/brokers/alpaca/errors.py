"""Alpaca's errors in the port's words: refused, in doubt, too many, a key. The one table.

What an error means follows from the HTTP status and the venue's own code and words in a JSON answer; a page of a proxy
says nothing about an order. Knows no order.
"""

import json
from enum import StrEnum

import msgspec

__all__ = ["Answered", "Judged", "NotSent", "Unreadable", "Verdict", "judge"]

_LONGEST = 300
_MISSING = 40410000
_TWIN = "must be unique"
_KEY_WORDS = ("forbidden", "unauthorized", "not authorized", "access key verification failed")


class Verdict(StrEnum):
    """What an error is."""

    REFUSED = "refused"  # the venue has said no, and has done nothing
    NOT_SENT = "not_sent"  # nothing has left this machine
    MISSING = "missing"  # the venue states that there is no such order
    DOUBT = "doubt"  # whether it was done is not known
    TWIN = "twin"  # the client id was used before: the first order may be there
    LIMITED = "limited"  # too many requests
    KEY = "key"  # it does not know the key, or the key is of the other exchange (paper, live)

    @property
    def undone(self) -> bool:
        """Whether it is certain that nothing was done."""
        return self in (Verdict.REFUSED, Verdict.NOT_SENT, Verdict.KEY)


class Answered(Exception):
    """An answer that is none of success: its HTTP status and its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.text = status, text


class NotSent(Exception):
    """It would have waited too long for its turn, or the gate was shut meanwhile: it has not left."""


class Unreadable(Exception):
    """An answer or a report that came and cannot be read."""


class Judged(msgspec.Struct, frozen=True):
    """What an error is, and why, in words without a secret."""

    verdict: Verdict
    reason: str


def judge(error: BaseException) -> Judged:
    """What an error at a call means."""
    if isinstance(error, NotSent):
        return Judged(Verdict.NOT_SENT, str(error))
    if not isinstance(error, Answered):
        words = str(error).partition("?")[0]
        name = type(error).__name__
        return Judged(Verdict.DOUBT, f"{name}: {words}"[:_LONGEST] if words else name)
    code, said = _told(error.text)
    reason = (f"{said} ({code})" if code else said)[:_LONGEST] or f"HTTP {error.status}"
    return Judged(_verdict(error.status, code, said.lower()), reason)


def _verdict(status: int, code: int, said: str) -> Verdict:
    if status == 429:
        return Verdict.LIMITED
    if not said or not 400 <= status < 500:
        return Verdict.DOUBT
    if _TWIN in said:  # a 422 under the code of every malformed order (40010001)
        return Verdict.TWIN
    if status == 401 or (status == 403 and any(words in said for words in _KEY_WORDS)):
        return Verdict.KEY
    if code == _MISSING:
        return Verdict.MISSING
    # 403: buying power, shares that are not there or held by orders, shorts, wash trades, pattern day trading;
    # 422 and 400: an order that makes no sense or comes too late
    return Verdict.REFUSED if code and status in (400, 403, 422) else Verdict.DOUBT


def _told(text: str) -> tuple[int, str]:
    """The venue's code and words; 0 and "" where the answer is none of its own."""
    try:
        body = json.loads(text)
    except ValueError:
        return 0, ""
    if not isinstance(body, dict):
        return 0, ""
    code = body.get("code")
    return code if isinstance(code, int) else 0, str(body.get("message") or "")
