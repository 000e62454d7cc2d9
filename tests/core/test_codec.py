from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.core.journal_contract import FACTS, INT64, START, bar, fill, mark
from tradekit.core import codec
from tradekit.core import event as registry
from tradekit.core.codec import (
    canonical_hash,
    decode_event,
    decode_fact,
    encode,
    encode_event,
    encode_fact,
)
from tradekit.core.event import Event, Fact, Unknown, fact_types
from tradekit.errors import JournalError

EVENTS = st.builds(
    lambda seq, ts, key, fact: Event(seq, 2, ts, START, fact.TYPE, fact.V, 0, key, fact),
    st.integers(1, 1 << 60),
    INT64,
    st.text(max_size=12),
    FACTS,
)


@given(event=EVENTS)
@law(100)
def test_an_event_is_given_back_as_it_was(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@given(event=EVENTS)
@law(100)
def test_an_event_is_its_header_around_its_facts_own_encoding(event: Event) -> None:
    assert encode_event(event) == encode_event(event, encode_fact(event.data))


@given(event=EVENTS)
@law(100)
def test_an_encoding_is_plain_json_with_the_envelopes_fields_in_order(event: Event) -> None:
    plain = msgspec.json.decode(encode_event(event))
    assert list(plain) == ["seq", "epoch", "ts", "recorded", "type", "v", "cause", "key", "data"]
    assert (plain["seq"], plain["ts"], plain["key"]) == (event.seq, event.ts, event.key)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1E-8", "0.00000001"),
        ("1E+3", "1000"),
        ("-0", "-0"),
        ("1.10", "1.10"),
        ("1E-30", "0." + "0" * 29 + "1"),
    ],
)
def test_a_decimal_is_written_without_exponent(number: str, text: str) -> None:
    assert encode({"qty": Decimal(number)}) == b'{"qty":"%b"}' % text.encode()


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
def test_a_number_that_is_not_finite_is_refused_with_its_place(bad: str) -> None:
    with pytest.raises(JournalError, match=r"MarkUpdated.last is .*: only finite"):
        encode_event(mark(1, last=float(bad)))
    with pytest.raises(JournalError, match="not finite"):
        encode_event(fill(1, price=bad))


def test_an_unknown_fact_survives_whole() -> None:
    data = b'{"seq":7,"epoch":1,"ts":1,"recorded":1,"type":"moon.rose","v":4,"cause":0,"key":"","data":{"a":[1,null]}}'
    event = decode_event(data)
    assert isinstance(event.data, Unknown)
    assert encode_event(event) == data


OLD_OR_ODD = st.sampled_from(
    [
        (b'"v":1', b'"v":0'), (b'"v":1', b'"v":2'), (b'"v":1', b'"v":true'), (b'"data":{', b'"data":{"more":[1],'),
        (b'"type":"', b'"type":"no.'), (b'"type":"', b'"tipe":"'), (b'"key":', b'"kei":'), (b"{", b"["),
        (b'"mark.updated"', b'"risk.changed"'), (b'"last":', b'"lost":'), (b"true", b"17"), (b"}}", b"}"),
    ]
)  # fmt: skip


def outcome(decode: Callable[[bytes], Event], data: bytes) -> object:
    """What comes of decoding: the event, or the error's class and words."""
    try:
        return decode(data)
    except Exception as error:
        return type(error), str(error)


@given(event=EVENTS, changed=st.none() | OLD_OR_ODD, cut=st.integers(0, 400))
@law(200)
def test_decoding_in_one_go_comes_to_what_decoding_by_parts_comes_to(
    event: Event, changed: tuple[bytes, bytes] | None, cut: int
) -> None:
    data = encode_event(event)
    if changed is not None:
        data = data.replace(*changed, 1)
    for one in (data, data[:cut]):
        assert outcome(decode_event, one) == outcome(codec._by_parts, one)


def test_a_class_that_joins_the_register_later_is_decoded_and_one_that_leaves_it_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decode_event(encode_event(mark(1)))
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @registry.fact("test.joined")
    class Joined(Fact, frozen=True, gc=False):
        word: str

    @registry.fact("test.riddle")
    class Riddle(Fact, frozen=True, gc=False):
        answer: "NoSuchName"  # type: ignore[name-defined]  # noqa: F821 - nobody can look at it

    told = Event(1, 1, 1, 1, "test.joined", 1, 0, "", Joined("here"))
    for _ in range(2):  # by parts at first, in one go from then on
        assert decode_event(encode_event(told)) == told
    assert type(codec._whole.decode(encode_event(told)).data) is Joined
    del registry._registered["test.joined"]
    assert isinstance(decode_event(encode_event(told)).data, Unknown)


def test_a_bad_field_is_named_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.last"):
        decode_fact("mark.updated", 1, b'{"instrument":"X","last":"high"}')


def test_equal_values_have_equal_hashes_whatever_their_order() -> None:
    assert canonical_hash({"a": Decimal("1E-8"), "b": [1, 2]}) == canonical_hash(
        {"b": [1, 2], "a": "0.00000001"}
    )
    assert canonical_hash({"a": 1}) != canonical_hash({"a": 2})


def test_a_subject_is_type_and_key() -> None:
    assert bar(1).subject == "bar.closed.BTCUSDT.15m"
    assert Event(1, 1, 1, 1, "risk.changed", 1, 0, "", Fact()).subject == "risk.changed"


class Nested(msgspec.Struct, frozen=True):
    sizes: dict[str, list[Decimal | None]]


class Chained(msgspec.Struct, frozen=True):
    name: str
    next: "Chained | None" = None
    price: float = 0.0


def fact_of(annotation: object) -> Fact:
    """A fact with one field of that type and no value that fits any other."""
    cls = msgspec.defstruct("Seen", [("value", annotation)], bases=(Fact,), frozen=True, gc=False)
    return cls(None)


@pytest.mark.parametrize(
    ("annotation", "decimals", "floats"),
    [
        (str, False, False),
        (int | None, False, False),
        (float, False, True),
        (tuple[float, ...], False, True),
        (tuple[int, Decimal], True, False),
        (dict[str, Decimal], True, False),
        (list[Nested], True, False),
        (Chained | None, False, True),
        (Any, True, True),
        (dict[str, Any], True, True),
        (object, True, True),
        ("NoSuchName", True, True),
    ],
)
def test_only_facts_that_may_hold_such_numbers_are_searched_for_them(
    annotation: object, decimals: bool, floats: bool
) -> None:
    assert codec._numbers(type(fact_of(annotation))) == (decimals, floats)


@pytest.mark.parametrize("cls", fact_types().values(), ids=lambda cls: cls.TYPE)
def test_what_a_registered_fact_may_hold_is_known(cls: type[Fact]) -> None:
    words = " ".join(str(annotation) for annotation in cls.__annotations__.values())
    decimals, floats = codec._numbers(cls)
    assert decimals or "Decimal" not in words
    assert floats or "float" not in words
