import pytest

from tests.builders import order
from tradekit.model.order import OrderReplaceRequested
from tradekit.run.gate import Gate

ORDER = order("s-1")


def test_an_open_gate_lets_everything_through() -> None:
    gate = Gate()
    assert gate.stops(ORDER, reduces=False) == ""
    assert gate.reason == ""


def test_a_halted_gate_lets_through_what_reduces() -> None:
    gate = Gate()
    gate.halt("lunch")
    assert gate.stops(ORDER, reduces=False) == "halted: lunch"
    assert gate.stops(ORDER, reduces=True) == ""


def test_a_killed_gate_lets_nothing_through() -> None:
    gate = Gate()
    gate.halt("lunch")
    gate.kill("fire")
    for reduces in (False, True):
        assert gate.stops(ORDER, reduces=reduces) == "kill switch: fire"


def test_a_change_of_an_order_passes_the_same_gate() -> None:
    gate, change = Gate(), OrderReplaceRequested("s-1", "BTC")
    gate.halt("lunch")
    assert gate.stops(change, reduces=False) == "halted: lunch"
    assert gate.stops(change, reduces=True) == ""
    gate.kill("fire")
    assert gate.stops(change, reduces=True) == "kill switch: fire"


@pytest.mark.parametrize("shut", ["halt", "kill"])
def test_only_who_knows_of_the_last_shutting_opens_it(shut: str) -> None:
    gate = Gate()
    gate.halt("first")
    known = gate.shuts
    getattr(gate, shut)("second")
    assert gate.open(known) is False
    assert gate.reason == "second"
    assert gate.open(gate.shuts) is True
    assert gate.stops(ORDER, reduces=False) == ""


def test_a_gate_shut_without_a_reason_still_says_why() -> None:
    gate = Gate()
    gate.halt("")
    assert gate.reason == "halted"
    gate.kill("")
    assert gate.reason == "killed"
