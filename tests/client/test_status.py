"""How a line is, told in the order in which it became so, whichever thread says it."""

from typing import NamedTuple

from tests.interleaved import interleavings
from tradekit.client.replica import Replica
from tradekit.client.status import LineStatus, Status
from tradekit.core.clock import SystemClock


class Told(NamedTuple):
    """A line's status, who follows it, and what was told."""

    line: LineStatus
    replica: Replica
    names: list[str]


def told() -> Told:
    replica, names = Replica(), []

    def change(status: Status) -> None:
        names.append(status.name)
        replica.on_status(status)

    return Told(LineStatus(SystemClock(), change), replica, names)


def test_a_line_that_is_closed_as_it_comes_alive_is_closed_for_all() -> None:
    for line, replica, names in interleavings(
        told, lambda it: it.line.turn("live"), lambda it: it.line.turn("closed"), within="client/status.py"
    ):
        assert line.current.name == "closed"
        assert names in (["live", "closed"], ["closed"])
        assert replica.status == "closed"


def test_an_alarm_that_sounds_as_the_line_turns_is_kept() -> None:
    for line, replica, _ in interleavings(
        told,
        lambda it: it.line.turn("live"),
        lambda it: it.line.sound("a step hangs"),
        within="client/status.py",
    ):
        assert (line.current.name, line.current.alarm) == ("live", "a step hangs")
        assert (replica.status, replica.alarm) == ("live", "a step hangs")


def test_who_is_told_may_turn_it_himself() -> None:
    names: list[str] = []

    def change(status: Status) -> None:
        names.append(status.name)
        line.turn("closed")

    line = LineStatus(SystemClock(), change)
    line.turn("live")
    assert names == ["live", "closed"]


def test_who_waits_for_a_line_finds_its_replica_told() -> None:
    seen: list[str] = []

    def wait(it: Told) -> None:
        assert it.line.wait_while(("connecting",), 30).name == "live"
        seen.append(it.replica.status)

    for _ in interleavings(told, lambda it: it.line.turn("live"), wait, within="client/status.py"):
        assert seen == ["live"]
        seen.clear()
