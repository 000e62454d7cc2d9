"""One encoding: an event to one JSON object and back, and the canonical hash of anything encodable.

The bytes made here are the journal's payload and the bridge's frame content alike; knows neither of them.
"""

import functools
import hashlib
import math
import operator
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.core.event import Event, Fact, Unknown, fact_class, fact_types
from tradekit.core.upcast import lift
from tradekit.errors import JournalError

__all__ = ["canonical_hash", "decode_event", "decode_fact", "encode", "encode_event", "encode_fact", "plain"]

_json = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")


class _Header(msgspec.Struct, frozen=True, gc=False):
    seq: int
    epoch: int
    ts: int
    recorded: int
    v: int
    cause: int
    key: str


class _Envelope(_Header, frozen=True, gc=False):
    type: str
    data: msgspec.Raw


_envelope = msgspec.json.Decoder(_Envelope)


class _Whole:
    """Decodes an envelope and its fact in one go: one tagged union of all facts registered, each in its newest version.

    Made at the first use, and again when a class has joined the register since.
    """

    def __init__(self) -> None:
        self._classes: frozenset[type[Fact]] = frozenset()
        self.decode: Any = _envelope.decode  # until facts are known: an envelope's data is no fact

    def learn(self, cls: type[Fact]) -> None:
        """Take a class in, and all others that are registered by now; one that cannot be looked at stays out."""
        if cls not in self._classes:
            known = fact_types()
            self._classes = frozenset(known.values())
            forms = [form for form in map(_form, known.values()) if form is not None]
            if forms:
                self.decode = msgspec.json.Decoder(functools.reduce(operator.or_, forms)).decode


_whole = _Whole()


def _form(cls: type[Fact]) -> Any:
    """The envelope of facts of a class, told from others by its type; None for one that msgspec cannot decode into."""
    try:
        _decoder(cls)
    except (TypeError, NameError):
        return None
    return msgspec.defstruct(
        cls.__name__, [("data", cls)], bases=(_Header,), tag=cls.TYPE, tag_field="type", frozen=True, gc=False
    )


def encode(value: Any) -> bytes:
    """Any struct, dict or list as JSON; Decimals are plain strings without exponent."""
    data = _json.encode(value)
    if _inexact(data):
        return _json.encode(_plain(msgspec.to_builtins(value, builtin_types=(Decimal, bytes))))
    return data


def encode_fact(data: Fact) -> bytes:
    """A fact's payload; raises JournalError for a number that is not finite (NaN, inf)."""
    if isinstance(data, Unknown):
        return bytes(data.raw)  # as it came
    decimals, floats = _numbers(type(data))
    payload = encode(data) if decimals else _json.encode(data)
    if floats and b"null" in payload:  # msgspec writes NaN and inf as null
        _refuse_nan(data)
    return payload


def encode_event(event: Event, payload: bytes | None = None) -> bytes:
    """The whole envelope as one JSON object; `payload` is the fact if it is encoded already."""
    if payload is None and type(event.data) is not Unknown:
        decimals, floats = _numbers(type(event.data))
        data = _json.encode(event)  # its fields are the envelope's, in the envelope's order
        if not decimals or not _inexact(data):
            if floats and b"null" in data:
                _refuse_nan(event.data)
            return data
    body = encode_fact(event.data) if payload is None else payload
    return b'{"seq":%d,"epoch":%d,"ts":%d,"recorded":%d,"type":"%b","v":%d,"cause":%d,"key":%b,"data":%b}' % (
        event.seq,
        event.epoch,
        event.ts,
        event.recorded,
        event.type.encode(),
        event.v,
        event.cause,
        _json.encode(event.key),
        body,
    )


def decode_event(data: bytes) -> Event:
    """An event from its JSON object; unknown ones survive as `Unknown`.

    A known fact of its newest version is decoded with its envelope, any other after it: same result, or same error.
    """
    try:
        e = _whole.decode(data)
    except msgspec.DecodeError:
        return _by_parts(data)
    fact = e.data
    cls = type(fact)
    if cls is msgspec.Raw or e.v != cls.V or fact_class(cls.TYPE) is not cls:
        return _by_parts(data)
    return Event(e.seq, e.epoch, e.ts, e.recorded, cls.TYPE, e.v, e.cause, e.key, fact)


def _by_parts(data: bytes) -> Event:
    """The envelope first, then the fact."""
    e = _envelope.decode(data)
    fact = decode_fact(e.type, e.v, e.data)
    if type(fact) is not Unknown:
        _whole.learn(type(fact))
    v = max(e.v, fact.V)  # a lifted fact is of its class's version
    return Event(e.seq, e.epoch, e.ts, e.recorded, e.type, v, e.cause, e.key, fact)


def decode_fact(tag: str, v: int, payload: bytes | msgspec.Raw) -> Fact:
    """A fact from its type tag, version and JSON, lifted to its class's version when it is older.

    Raises msgspec.ValidationError with the path of a bad field, VersionError where an upcaster is missing.
    """
    cls = fact_class(tag)
    if cls is None or v > cls.V:
        return Unknown(msgspec.Raw(payload))
    if v < cls.V:
        payload = _json.encode(lift(tag, v, cls.V, msgspec.json.decode(payload)))
    return _decoder(cls).decode(payload)


def canonical_hash(value: Any) -> str:
    """sha256 (hex) of the value's JSON with every key sorted: equal values give equal hashes everywhere."""
    return hashlib.sha256(_sorted.encode(_plain(plain(value)))).hexdigest()


def plain(value: Any) -> Any:
    """A copy of dicts, lists, numbers, Decimals and text alone, which later changes to `value` leave as it is."""
    return msgspec.to_builtins(value, builtin_types=(Decimal,))


def _inexact(data: bytes) -> bool:
    """Whether a Decimal may stand in it as 1E-8 (as str writes it) or NaN: it then takes the slow, exact way."""
    return b"E-" in data or b"E+" in data or b'"NaN"' in data or b"Infinity" in data


@functools.cache
def _numbers(cls: type[Fact]) -> tuple[bool, bool]:
    """Whether a fact of this class may hold a Decimal, and a float: only then are its bytes searched."""
    try:
        kinds = list(_kinds(msgspec.inspect.type_info(cls)))
    except (TypeError, NameError):  # an annotation that cannot be looked at may be anything
        return True, True
    anything = any(isinstance(kind, _OPAQUE) for kind in kinds)
    decimals = any(isinstance(kind, msgspec.inspect.DecimalType) for kind in kinds)
    return anything or decimals, anything or any(
        isinstance(kind, msgspec.inspect.FloatType) for kind in kinds
    )


_OPAQUE = (msgspec.inspect.AnyType, msgspec.inspect.CustomType, msgspec.inspect.RawType)


def _kinds(info: Any) -> Iterator[msgspec.inspect.Type]:
    """A type and all types inside it, each once."""
    found: list[Any] = [info]
    for item in found:
        yield item
        for field in getattr(item, "fields", ()):
            found += [field.type] * (field.type not in found)
        parts = [getattr(item, name, None) for name in ("item_type", "key_type", "value_type", "type")]
        for part in (*parts, *getattr(item, "types", ()), *getattr(item, "item_types", ())):
            if isinstance(part, msgspec.inspect.Type) and part not in found:
                found.append(part)


@functools.cache
def _decoder(cls: type[Fact]) -> msgspec.json.Decoder[Fact]:
    return msgspec.json.Decoder(cls)


def _plain(value: Any) -> Any:
    """Decimals below `value` as plain strings, refusing those that are not finite."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise JournalError(
                f"a number that is not finite ({value}) cannot be written; leave it out instead"
            )
        return format(value, "f")
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _refuse_nan(value: Any, path: str = "") -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise JournalError(
            f"{path.lstrip('.')} is {value}: only finite numbers can be written; use null for absent"
        )
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_nan(getattr(value, name), f"{path}.{name}" if path else f"{type(value).__name__}.{name}")
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_nan(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            _refuse_nan(item, f"{path}[{i}]")
