import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.bridge.frames import (
    Auth,
    CommandAsked,
    EventsFrame,
    Hello,
    ResultFrame,
    Since,
    TicksFrame,
    encode_frame,
    events_frame,
    parse_client,
    parse_server,
    result_frame,
    ticks_frame,
)
from tradekit.errors import ProtocolError

SHAPES = (
    "op",
    "id",
    "name",
    "args",
    "token",
    "protocol",
    "since",
    "topics",
    "journal",
    "epoch",
    "seq",
    "from",
    "to",
)
OPS = (
    "auth",
    "hello",
    "command",
    "query",
    "welcome",
    "snapshot",
    "events",
    "gap",
    "beat",
    "ticks",
    "ack",
    "error",
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(SHAPES), inner, max_size=5),
    max_leaves=12,
)
framelike = st.dictionaries(st.sampled_from(SHAPES), json_values, max_size=7).flatmap(
    lambda frame: st.sampled_from(OPS).map(lambda op: {**frame, "op": op})
)
messages = st.binary(max_size=200) | json_values.map(msgspec.json.encode) | framelike.map(msgspec.json.encode)


@pytest.mark.law
@given(messages)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_peer_sends_is_a_frame_or_a_protocol_error(data: bytes) -> None:
    for parse in (parse_client, parse_server):
        try:
            frame = parse(data)
        except ProtocolError:
            continue
        assert msgspec.json.decode(encode_frame(frame))["op"] in (*OPS, "result")


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"op":"auth","token":"\xff"}',
        b'{"op":"ack","id":"\xff","seq":1}',
        b"",
        b'{"op":"hello","protocol":1e999}',
    ],
)
def test_what_breaks_a_decoder_is_a_protocol_error(data: bytes) -> None:
    for parse in (parse_client, parse_server):
        with pytest.raises(ProtocolError, match="not a message of this protocol"):
            parse(data)


def test_a_message_over_the_size_limit_is_not_even_read() -> None:
    with pytest.raises(ProtocolError, match="65537 bytes is over the limit of 65536"):
        parse_client(b" " * 65_537)
    assert parse_client(b'{"op":"auth","token":"t"}'.ljust(65_536)) == Auth("t")


def test_a_command_may_nest_sixteen_levels_and_no_more() -> None:
    def nested(levels: int) -> bytes:  # the frame itself is the first level, args the second
        return b'{"op":"command","id":"1","name":"halt","args":{"a":%b%b}}' % (b"[" * levels, b"]" * levels)

    assert parse_client(nested(14)) == CommandAsked("1", "halt", msgspec.json.decode(nested(14))["args"])
    with pytest.raises(ProtocolError, match="deeper than 16 levels"):
        parse_client(nested(15))


def test_an_unknown_field_is_refused_with_its_name() -> None:
    with pytest.raises(ProtocolError, match="resume"):
        parse_client(b'{"op":"hello","protocol":1,"resume":true}')


def test_a_token_never_shows_in_a_repr() -> None:
    assert "secret" not in repr(Auth("secret"))


def test_a_frame_is_read_as_it_was_written() -> None:
    hello = Hello(1, Since("j", 2, 3), ["order.>"])
    assert parse_client(encode_frame(hello)) == hello


def test_events_are_joined_from_bytes_that_are_encoded_already() -> None:
    frame = parse_server(events_frame(4, 5, [b'{"seq":4}', b'{"seq":5}']))
    assert isinstance(frame, EventsFrame)
    assert (frame.first, frame.last, [bytes(raw) for raw in frame.events]) == (
        4,
        5,
        [b'{"seq":4}', b'{"seq":5}'],
    )
    assert parse_server(events_frame(4, 5, [])) == EventsFrame(4, 5, [])


def test_ticks_and_results_are_joined_from_bytes_too() -> None:
    assert parse_server(ticks_frame(7, [b'{"key":"a"}'])) == TicksFrame(7, [{"key": "a"}])
    frame = parse_server(result_frame('q"1', [b"1", b"2"], 3))
    assert isinstance(frame, ResultFrame)
    assert (frame.id, [bytes(raw) for raw in frame.items], frame.next) == ('q"1', [b"1", b"2"], 3)
