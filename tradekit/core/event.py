"""The event: one fact in its envelope, and the register that ties a type tag to its class.

Knows no fact of the trade (those register themselves from `tradekit.model`) and no storage.
"""

from typing import Any, ClassVar, TypeVar

import msgspec

__all__ = ["Event", "Fact", "Unknown", "fact", "fact_class", "fact_types"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """The payload of an event: a frozen struct whose class names its type tag and version.

    `TYPE` is the past-tense tag ("order.filled"), `V` its schema version, `CRITICAL` whether an append must be
    on stable storage before it is acted on. `key` is the subject the event is about (instrument, order ...).
    """

    TYPE: ClassVar[str] = ""
    V: ClassVar[int] = 1
    CRITICAL: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The subject's name; joined to the type it makes the address that subscribers match."""
        return ""


class Unknown(Fact, frozen=True, gc=False):
    """A fact of a type or version this program does not know: kept whole, never folded, never dropped."""

    raw: msgspec.Raw


class Event(msgspec.Struct, frozen=True, gc=False):
    """One line of the journal.

    seq       dense number within the journal, from 1; it alone orders
    epoch     grows by one each time a session opens the journal
    ts        when it happened [UTC ns]; explains, never orders
    recorded  when it was written [UTC ns]; 0 until the journal has it
    type, v   the fact's tag and schema version
    cause     seq that led to it; 0 means that it came in from outside
    key       the subject's name (instrument, order or other)
    data      the fact
    """

    seq: int
    epoch: int
    ts: int
    recorded: int
    type: str
    v: int
    cause: int
    key: str
    data: Fact

    @property
    def subject(self) -> str:
        """The dotted address for subscriptions: `order.filled.BTC-USD`."""
        return f"{self.type}.{self.key}" if self.key else self.type


F = TypeVar("F", bound=type[Fact])
_registered: dict[str, type[Fact]] = {}


def fact(tag: str, *, v: int = 1, critical: bool = False) -> Any:
    """Class decorator: register a Fact under its tag and version; a tag can be registered once."""

    def register(cls: F) -> F:
        known = _registered.get(tag)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"event type {tag!r} is already registered by {known.__qualname__}")
        cls.TYPE, cls.V, cls.CRITICAL = tag, v, critical
        _registered[tag] = cls
        return cls

    return register


def fact_class(tag: str) -> type[Fact] | None:
    """The class registered for a type tag, or None."""
    return _registered.get(tag)


def fact_types() -> dict[str, type[Fact]]:
    """All registered tags with their classes (a copy)."""
    return dict(_registered)
