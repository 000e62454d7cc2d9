"""A venue's errors in the port's words: refused, in doubt, too many, a wrong clock, a key, a right. The one table.

What an error means follows from what the venue said (its code, in an answer of 4xx), never from the class that the
library made of it: that calls a half-read answer an `ExchangeError` too. The one place where what a venue or the
library says is cleaned of secrets. Knows no order.
"""

import json
import re
from enum import StrEnum

import msgspec

from tradekit.core.redact import secrets
from tradekit.trading.broker import Stopped, free

__all__ = ["Call", "Judged", "NotSent", "Unreadable", "Verdict", "judge", "words"]


class Verdict(StrEnum):
    """What an error is."""

    REFUSED = "refused"  # the venue has said no, and has done nothing
    NOT_SENT = "not_sent"  # nothing has left this machine
    MISSING = "missing"  # the venue states that there is no such order
    DOUBT = "doubt"  # whether it was done is not known
    TWIN = "twin"  # the client id was used before: the first order may be there
    LIMITED = "limited"  # too many requests
    BANNED = "banned"  # so many that it takes none for a while
    SKEW = "skew"  # a clock is wrong: says nothing of the order
    KEY = "key"  # it does not know the key, or its signature
    RIGHT = "right"  # the key may not do this, or not from here

    @property
    def hopeless(self) -> bool:
        """Whether no waiting mends it."""
        return self in (Verdict.KEY, Verdict.RIGHT)

    @property
    def undone(self) -> bool:
        """Whether it is certain that nothing was done."""
        return self in (Verdict.REFUSED, Verdict.NOT_SENT, Verdict.KEY, Verdict.RIGHT)


class NotSent(Exception):
    """It would have waited too long for its turn, or the gate was shut meanwhile: it has not left."""


class Unreadable(Exception):
    """An answer that came and cannot be read."""


class Call(msgspec.Struct):
    """One request on its way: what the client library saw of it.

    urgent  a cancel or a question, for which a part of the quota is kept
    stopped  why it may not go out by now, "" while it may
    sent    it has left, or may have
    status  of the HTTP answer, 0 while there is none; `code` the venue's own, None where it gave none
    retry_after_s  how long the venue wants us to wait [s], None where it does not say
    """

    urgent: bool = False
    stopped: Stopped = free
    sent: bool = False
    status: int = 0
    code: int | None = None
    said: str = ""
    retry_after_s: float | None = None


class Judged(msgspec.Struct, frozen=True):
    """What an error is, and why, in words without a secret."""

    verdict: Verdict
    reason: str


_DOUBT, _LIMITED = Verdict.DOUBT, Verdict.LIMITED
_CODES: dict[int, Verdict] = {
    # Binance, spot and USD-M futures; what is not here and stands in an answer of 4xx is a refusal
    -1000: _DOUBT,  # an unknown error occurred while processing the request
    -1001: _DOUBT,  # internal error; unable to process your request
    -1003: _LIMITED,
    -1004: _DOUBT,  # server busy
    -1006: _DOUBT,  # an unexpected response was received from the message bus, execution status unknown
    -1007: _DOUBT,  # timeout waiting for the backend, execution status unknown
    -1008: _DOUBT,  # overloaded
    -1015: _LIMITED,  # too many new orders
    -1016: _DOUBT,  # the service is shutting down
    -1034: _LIMITED,  # too many connections
    -1002: Verdict.RIGHT,
    -1021: Verdict.SKEW,
    -5028: Verdict.SKEW,
    -1022: Verdict.KEY,  # signature
    -2014: Verdict.KEY,  # format of the key
    -2008: Verdict.KEY,
    -2015: Verdict.RIGHT,  # key, address or permission
    -2017: Verdict.RIGHT,  # locked on this account
    -2013: Verdict.MISSING,
    -2026: _DOUBT,  # archived: it was there, and is told no more
    -4116: Verdict.TWIN,
}
_TWIN = "duplicate order"  # spot says it in words, under the code of every other refusal (-2010)
_BAN = re.compile(r"\bbanned\b", re.IGNORECASE)
_BODY = re.compile(r"\{.*\}", re.DOTALL)
_LONGEST = 300


def judge(error: BaseException, call: Call) -> Judged:
    """What an error at a call means."""
    code, said = (call.code, call.said) if call.code is not None else _told(str(error))
    reason = _reason(error, call, code, said)
    if isinstance(error, NotSent):
        return Judged(Verdict.NOT_SENT, str(error))
    if isinstance(error, Unreadable):
        return Judged(_DOUBT, reason)
    if not call.sent and code is None:
        return Judged(Verdict.NOT_SENT, reason)
    if call.status == 418 or (code == -1003 and _BAN.search(said)):
        return Judged(Verdict.BANNED, reason)
    if call.status == 429:
        return Judged(_LIMITED, reason)
    if code is not None and _TWIN in said.lower():
        return Judged(Verdict.TWIN, reason)
    if code is not None and code in _CODES:
        return Judged(_CODES[code], reason)
    answered = 400 <= call.status < 500 or (call.status == 0 and not call.sent)  # the latter on a WebSocket
    if code is not None and code < 0 and answered:
        return Judged(Verdict.REFUSED, reason)
    return Judged(_DOUBT, reason)


def _told(text: str) -> tuple[int | None, str]:
    """The venue's code and words out of an error's text, for answers on a WebSocket."""
    found = _BODY.search(text)
    try:
        body = json.loads(found[0]) if found else {}
    except ValueError:
        return None, ""
    inner = body.get("error", body)
    code = inner.get("code") if isinstance(inner, dict) else None
    return (code, str(inner.get("msg", ""))) if isinstance(code, int) else (None, "")


def _reason(error: BaseException, call: Call, code: int | None, said: str) -> str:
    if code is not None:
        return secrets.clean(f"{said or 'no words'} ({code})")[:_LONGEST]
    if call.status >= 400:
        return f"HTTP {call.status}"
    told = words(error)
    return f"{type(error).__name__}: {told}"[:_LONGEST] if told else type(error).__name__


def words(error: BaseException) -> str:
    """What an error says, without a secret and without the query of an address, which is signed."""
    return secrets.clean(str(error).partition("?")[0])[:_LONGEST]
