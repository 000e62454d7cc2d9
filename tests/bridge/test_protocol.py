from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.bridge.frames import Since
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import (
    SCOPES,
    Close,
    CloseCode,
    Command,
    Grant,
    Query,
    Send,
    ServerSide,
    Start,
    may_resume,
    scope_of,
)
from tradekit.bridge.topics import Topics
from tradekit.errors import ProtocolError

ALL = Grant("ann", frozenset({"read", "operate", "trade"}))
HELLO = {"op": "hello", "protocol": 1}
NOW, NOW_MS = 100.0, 1_700_000_000_000


def tell(side: ServerSide, frame: dict[str, Any], *, now: float = NOW) -> Any:
    return side.receive(msgspec.json.encode(frame), now=now, now_ms=NOW_MS)


def live(grant: Grant = ALL, **limits: Any) -> ServerSide:
    side = ServerSide(limits=Limits(**limits), grant=grant)
    assert tell(side, HELLO) == Start(None, None)
    return side


def error_of(action: Any) -> tuple[str, str]:
    assert isinstance(action, Send)
    frame = msgspec.json.decode(action.frame)
    assert frame["op"] == "error"
    return frame["id"], frame["code"]


def test_a_client_with_a_grant_begins_with_its_hello() -> None:
    side = ServerSide(limits=Limits(), grant=ALL)
    since = {"journal": "j", "epoch": 1, "seq": 5}
    assert not side.live
    assert tell(side, {**HELLO, "since": since, "topics": ["order.>"]}) == Start(
        Since("j", 1, 5), Topics(["order.>"])
    )
    assert side.live


def test_a_client_without_one_shows_its_token_first() -> None:
    side = ServerSide(limits=Limits(), check={"good": ALL}.get)
    with pytest.raises(ProtocolError, match="'hello' came while waiting for its token"):
        tell(side, HELLO)
    assert tell(side, {"op": "auth", "token": "good"}) is None
    assert side.grant == ALL
    assert tell(side, HELLO) == Start(None, None)


def test_a_wrong_token_closes_the_connection_for_good() -> None:
    side = ServerSide(limits=Limits(), check={"good": ALL}.get)
    action = tell(side, {"op": "auth", "token": "bad"})
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOKEN
    with pytest.raises(ProtocolError, match="waiting for nothing"):
        tell(side, {"op": "auth", "token": "good"})


def test_another_protocol_is_told_which_one_is_spoken() -> None:
    action = tell(ServerSide(limits=Limits(), grant=ALL), {"op": "hello", "protocol": 2})
    assert isinstance(action, Close)
    assert action.code == CloseCode.INCOMPATIBLE
    assert "speaks protocol 1, not 2" in action.reason


@pytest.mark.parametrize("frame", [HELLO, {"op": "auth", "token": "t"}])
def test_nobody_says_hello_twice(frame: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="waiting for commands and queries"):
        tell(live(), frame)


def test_more_topics_than_the_limit_are_refused() -> None:
    side = ServerSide(limits=Limits(topics=2), grant=ALL)
    with pytest.raises(ProtocolError, match="3 topics are over the limit of 2"):
        tell(side, {**HELLO, "topics": ["a", "b", "c"]})


@pytest.mark.parametrize(
    "scopes", [{"read"}, {"read", "operate"}, {"read", "trade"}, {"read", "operate", "trade"}]
)
def test_each_scope_allows_its_commands_and_no_other(scopes: set[str]) -> None:
    side = live(Grant("ann", frozenset(scopes)), requests_per_s=1000)
    for scope, names in SCOPES.items():
        for name in names:
            action = tell(side, {"op": "command", "id": name, "name": name})
            if scope in scopes:
                assert action == Command(name, name, {}, "ann", NOW + 5.0)
            else:
                assert error_of(action) == (name, "scope")


def test_the_scopes_are_those_of_the_protocol() -> None:
    assert scope_of("kill") == "operate"
    assert scope_of("arm") == "trade"
    assert scope_of("open_pod_bay_doors") is None
    assert error_of(tell(live(), {"op": "command", "id": "1", "name": "rm"})) == ("1", "unknown")


def test_reading_is_enough_for_a_query() -> None:
    side = live(Grant("ann", frozenset({"read"})))
    assert tell(side, {"op": "query", "id": "q", "name": "events", "args": {"limit": 1}}) == Query(
        "q", "events", {"limit": 1}
    )


def test_a_command_lives_as_long_as_it_says_and_never_longer_than_the_limit() -> None:
    def deadline(**more: Any) -> float:
        action = tell(live(), {"op": "command", "id": "1", "name": "arm", **more})
        assert isinstance(action, Command)
        return action.deadline

    assert deadline(expires_s=2) == NOW + 2
    assert deadline(expires_s=60) == NOW + 5
    assert deadline(at_ms=NOW_MS - 1500) == NOW + 3.5
    assert deadline(at_ms=NOW_MS + 9000) == NOW + 5


def test_a_command_that_was_long_on_its_way_is_refused_unless_it_stops_something() -> None:
    late = {"op": "command", "id": "1", "at_ms": NOW_MS - 5000}
    assert error_of(tell(live(), {**late, "name": "arm"})) == ("1", "expired")
    for name in ("halt", "kill", "disarm", "stop"):
        assert isinstance(tell(live(), {**late, "name": name}), Command)


def test_too_many_requests_are_refused_until_time_passes() -> None:
    side = live(requests_per_s=10)
    arm = {"op": "command", "id": "1", "name": "arm"}
    taken = [tell(side, arm) for _ in range(25)]
    assert [isinstance(action, Command) for action in taken] == [True] * 20 + [False] * 5
    assert error_of(taken[-1]) == ("1", "rate")
    assert isinstance(tell(side, {**arm, "name": "kill"}), Command)  # stopping has a rate of its own
    assert isinstance(tell(side, arm, now=NOW + 0.2), Command)


@pytest.mark.parametrize(
    ("since", "resumes"),
    [
        (None, False),
        (Since("j", 2, 10), True),
        (Since("j", 2, 5), True),
        (Since("j", 1, 7), True),
        (Since("j", 2, 4), False),  # further back than the limit
        (Since("j", 2, 11), False),  # ahead of the journal
        (Since("j", 3, 7), False),  # an epoch that has not been
        (Since("k", 2, 7), False),  # another journal
    ],
)
def test_the_tail_is_told_to_whom_it_fits(since: Since | None, resumes: bool) -> None:
    assert may_resume(since, journal="j", epoch=2, seq=10, limit=5) is resumes


ops = st.sampled_from(["auth", "hello", "command", "query", "beat"])
fields = {
    "op": ops,
    "token": st.sampled_from(["good", "bad"]),
    "protocol": st.integers(0, 2),
    "id": st.text(max_size=3),
    "name": st.sampled_from(["kill", "arm", "events", ""]),
    "args": st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    "topics": st.none() | st.lists(st.sampled_from(["a.>", ">", "a..b", ""]), max_size=3),
}
needed = {
    "auth": {"token"},
    "hello": {"protocol"},
    "command": {"id", "name"},
    "query": {"id", "name"},
    "beat": set(),
}
frames = st.fixed_dictionaries(fields).flatmap(
    lambda full: st.sets(st.sampled_from(sorted(fields))).map(
        lambda extra: {
            key: full[key] for key in needed[full["op"]] | {"op"} | (extra if len(extra) < 2 else set())
        }
    )
)


@pytest.mark.law
@given(st.lists(frames, max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_messages_leads_past_the_token_or_the_hello(messages: list[dict[str, Any]]) -> None:
    side = ServerSide(limits=Limits(), check={"good": ALL}.get)
    proved = greeted = False
    for message in messages:
        try:
            action = tell(side, message)
        except ProtocolError:
            continue
        if message["op"] == "auth":
            assert not proved
            proved = action is None
        elif message["op"] == "hello":
            assert proved
            assert not greeted
            greeted = isinstance(action, Start)
        else:
            assert proved
            assert greeted
            assert isinstance(action, Command | Query | Send)
    assert side.live is greeted
    assert (side.grant is not None) is proved
