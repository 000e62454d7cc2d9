"""The client order id at a venue: a function of the journal and the order, so that a restart gives the same one.

An intent has one, however often it is read again; the venue refuses a second order under it. Knows no venue.
"""

import hashlib
import re

__all__ = ["PREFIX", "client_id", "is_ours"]

PREFIX = "tk"
_LONGEST = 36  # what the strictest venues take
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def client_id(journal: str, order: str, *, longest: int = _LONGEST) -> str:
    """The id of `order` (the strategy's id and the intent's number) of a journal, by its own id.

    Readable where that fits, "tk3f9a01c2-sma-12"; else its last part is the order's digest. Letters, digits, _ and -
    only, at most `longest` characters (at least 20).
    """
    head = f"{PREFIX}{_digest(journal, 8)}-"
    if _PLAIN.fullmatch(order) and len(head) + len(order) <= longest:
        return head + order
    return head + _digest(f"{journal}/{order}", max(longest - len(head), 9))


def is_ours(journal: str, told: str) -> bool:
    """Whether a client id that a venue shows was given by this journal, also for an order that is forgotten here."""
    return told.startswith(f"{PREFIX}{_digest(journal, 8)}-")


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
