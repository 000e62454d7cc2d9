"""The order's state machine: one table of what each report makes of each status.

Pure data and one look-up. Knows neither quantities nor prices; `state.orders` says which row a fact is.
"""

from enum import StrEnum

from tradekit.model.order import Status

__all__ = ["MOVES", "News", "moved", "stronger"]


class News(StrEnum):
    """What is told of an order that may move its status: the columns of the table."""

    HELD = "held"  # the venue has it, and it waits for its parent
    ACCEPTED = "accepted"
    TRIGGERED = "triggered"
    PART = "part fill"  # less than its quantity has filled
    FULL = "full fill"  # all of its quantity has filled
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    ENLARGED = "enlarged"  # a replacement asks for more than has filled
    DOUBTED = "doubted"  # it was sent, and nobody knows whether it came
    REVIVED = "revived"  # the venue has it after all


def _table() -> dict[Status, dict[News, Status]]:
    s = Status
    new, held, acc, trig, part = s.SUBMITTED, s.HELD, s.ACCEPTED, s.TRIGGERED, s.PARTIALLY_FILLED
    full, canc, exp, rej, deny = s.FILLED, s.CANCELED, s.EXPIRED, s.REJECTED, s.DENIED
    unk = s.UNKNOWN
    rows = {
        #      held  accepted triggered part  full  canceled expired rejected enlarged doubted revived
        new:  (held, acc,     trig,     part, full, canc,    exp,    rej,     new,     unk,    acc),
        unk:  (held, acc,     trig,     part, full, canc,    exp,    rej,     unk,     unk,    acc),
        held: (held, acc,     trig,     part, full, canc,    exp,    rej,     held,    unk,    acc),
        acc:  (acc,  acc,     trig,     part, full, canc,    exp,    rej,     acc,     acc,    acc),
        trig: (trig, trig,    trig,     part, full, canc,    exp,    rej,     trig,    trig,   trig),
        part: (part, part,    part,     part, full, canc,    exp,    rej,     part,    part,   part),
        full: (full, full,    full,     full, full, full,    full,   full,    part,    full,   full),
        canc: (canc, canc,    canc,     canc, full, canc,    canc,   canc,    canc,    canc,   acc),
        rej:  (rej,  rej,     rej,      rej,  full, canc,    exp,    rej,     rej,     rej,    acc),
        deny: (deny, deny,    deny,     deny, full, deny,    deny,   deny,    deny,    deny,   deny),
        exp:  (exp,  exp,     exp,      exp,  full, canc,    exp,    exp,     exp,     exp,    acc),
    }  # fmt: skip
    return {status: dict(zip(News, row, strict=True)) for status, row in rows.items()}


MOVES = _table()
"""Status now -> what is told -> status then.

A status never steps back, whatever order the reports come in: an acknowledgement behind a fill changes nothing. What
has filled is the truth: an order told as canceled whose last units turn out to have traded is filled. A part fill that
comes after the end counts and is noted, and the order stays ended: the venue has said that it trades no more. Told
two ends, an order has the stronger one: canceled over expired over rejected. What is in doubt may still trade, so it
works; what was given up and turns out to be there is revived.
"""

_ENDS = (News.REJECTED, News.EXPIRED, News.CANCELED)


def moved(status: Status, news: News) -> Status:
    """What `news` makes of an order that stands at `status`."""
    return MOVES[status][news]


def stronger(end: str, told: News) -> str:
    """The end that counts of the one known so far ("" for none) and the one told now."""
    return end if end in _ENDS and _ENDS.index(News(end)) >= _ENDS.index(told) else told
