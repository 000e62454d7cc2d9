"""The order's state machine: one table of what each report makes of each status.

Pure data and one look-up. Knows neither quantities nor prices; `state.orders` says which row a fact is.
"""

from enum import StrEnum

from tradekit.model.order import Status

__all__ = ["MOVES", "News", "moved"]


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


def _table() -> dict[Status, dict[News, Status]]:
    s = Status
    new, held, acc, trig, part = s.SUBMITTED, s.HELD, s.ACCEPTED, s.TRIGGERED, s.PARTIALLY_FILLED
    full, canc, exp, rej, deny = s.FILLED, s.CANCELED, s.EXPIRED, s.REJECTED, s.DENIED
    rows = {
        #      held  accepted triggered part  full  canceled expired rejected enlarged
        new:  (held, acc,     trig,     part, full, canc,    exp,    rej,     new),
        held: (held, acc,     trig,     part, full, canc,    exp,    rej,     held),
        acc:  (acc,  acc,     trig,     part, full, canc,    exp,    rej,     acc),
        trig: (trig, trig,    trig,     part, full, canc,    exp,    rej,     trig),
        part: (part, part,    part,     part, full, canc,    exp,    rej,     part),
        full: (full, full,    full,     full, full, full,    full,   full,    part),
        canc: (canc, canc,    canc,     canc, full, canc,    canc,   canc,    canc),
        rej:  (rej,  rej,     rej,      rej,  full, rej,     rej,    rej,     rej),
        deny: (deny, deny,    deny,     deny, full, deny,    deny,   deny,    deny),
        exp:  (exp,  exp,     exp,      exp,  full, exp,     exp,    exp,     exp),
    }  # fmt: skip
    return {status: dict(zip(News, row, strict=True)) for status, row in rows.items()}


MOVES = _table()
"""Status now -> what is told -> status then.

A status never steps back, whatever order the reports come in: an acknowledgement behind a fill changes nothing. What
has filled is the truth: an order told as canceled whose last units turn out to have traded is filled. A part fill that
comes after the end counts and is noted, and the order stays ended: the venue has said that it trades no more.
"""


def moved(status: Status, news: News) -> Status:
    """What `news` makes of an order that stands at `status`."""
    return MOVES[status][news]
