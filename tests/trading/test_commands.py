"""Commands from outside: each does one thing, once, or is refused with the reason."""

from typing import Any

import param
import pytest

from tests.builders import flat
from tests.trading.desk import Desk, Quiet, types
from tradekit.core.event import Fact
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderSubmitted
from tradekit.model.session import COMMANDS, CommandRefused, ParamsChanged, RiskChanged
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters


def working() -> Desk:
    """A long position of 2 BTC, and a limit order in each of two instruments."""
    made = Desk(specs=[Instrument(id="BTC"), Instrument(id="ETH")])
    made.bar(flat(0, 100.0), lambda s, b: s.buy(2))
    made.bar(flat(1, 100.0), lambda s, b: (s.buy(1, limit=90), s.buy(1, limit=90, instrument="ETH")))
    return made


def kinds(facts: list[Fact]) -> list[str]:
    return [fact.TYPE for fact in facts]


def refusal(facts: list[Fact]) -> str:
    assert len(facts) == 1
    assert isinstance(facts[0], CommandRefused)
    return facts[0].reason


def test_arm_allows_everything_again() -> None:
    made = Desk(armed=False)
    made.command("kill")
    assert made.command("arm", reason="back from lunch") == [
        RiskChanged(True, False, False, "back from lunch", "me")
    ]


def test_a_doubtful_engine_is_not_armed() -> None:
    made = Desk(armed=False)
    made.engine.doubt = "the journal says otherwise"
    assert refusal(made.command("arm")) == "cannot be armed: the journal says otherwise"


def test_disarm_keeps_a_halt() -> None:
    made = Desk()
    made.command("halt", reason="lunch")
    assert made.command("disarm") == [RiskChanged(False, True, False, "disarmed", "me")]


def test_halt_stops_new_risk_and_leaves_what_works() -> None:
    made = working()
    assert made.command("halt", reason="lunch") == [RiskChanged(True, True, False, "lunch", "me")]
    assert made.command("halt") == [RiskChanged(True, True, False, "halted", "me")]
    assert types(made.bar(flat(2, 100.0), lambda s, b: s.buy(1)))[-1] == "order.denied"
    assert "order.submitted" in types(made.bar(flat(3, 100.0), lambda s, b: s.sell(1)))


def test_kill_cancels_everything_and_lets_nothing_through() -> None:
    made = working()
    told = made.command("kill", reason="fire")
    assert told[0] == RiskChanged(False, True, True, "fire", "me")
    assert kinds(told)[1:] == ["order.cancel_requested"] * 2 + ["order.canceled"] * 2
    assert types(made.bar(flat(2, 100.0), lambda s, b: s.sell(1)))[-1] == "order.denied"
    assert made.command("kill") == [RiskChanged(False, True, True, "killed", "me")]


def test_cancel_ends_one_order_and_refuses_what_does_not_work() -> None:
    made = working()
    told = made.command("cancel", order_id="s-2")
    assert told[0] == OrderCancelRequested("s-2", "BTC", "canceled by me")
    assert refusal(made.command("cancel", order_id="s-2")) == "no working order 's-2'; working: s-3"
    assert refusal(Desk().command("cancel")) == "no working order ''; working: none"


def test_cancel_all_may_be_kept_to_one_instrument() -> None:
    made = working()
    assert [fact.key for fact in made.command("cancel_all", instrument="ETH")] == ["ETH", "ETH"]
    assert [fact.key for fact in made.command("cancel_all")] == ["BTC", "BTC"]


def test_flatten_cancels_and_leaves_every_position_even_when_halted() -> None:
    made = working()
    made.command("halt")
    told = made.command("flatten")
    sent = [fact for fact in told if isinstance(fact, OrderSubmitted)]
    assert [(o.side, o.qty, o.reduce_only, o.reason) for o in sent] == [("sell", 2, True, "flattened by me")]
    made.bar(flat(2, 100.0))
    assert made.position == 0
    assert kinds(made.command("flatten")) == []


def test_flatten_may_be_kept_to_one_instrument() -> None:
    made = working()
    assert kinds(made.command("flatten", instrument="ETH")) == ["order.cancel_requested", "order.canceled"]
    assert made.position == 2


def test_flatten_covers_a_short_position() -> None:
    made = Desk()
    made.bar(flat(0, 100.0), lambda s, b: s.sell(2))
    made.bar(flat(1, 100.0))
    made.command("flatten")
    made.bar(flat(2, 100.0))
    assert made.position == 0


@pytest.mark.parametrize("name", ["snapshot", "stop"])
def test_what_the_shell_carries_out_is_only_noted(name: str) -> None:
    made = Desk()
    assert made.command(name) == []
    assert made.state.commands[-1].name == name


def test_an_unknown_command_is_refused_with_the_known_ones() -> None:
    assert refusal(Desk().command("dance")) == f"no command 'dance'; there are {', '.join(COMMANDS)}"


def test_a_command_is_carried_out_once_for_its_id() -> None:
    made = working()
    assert made.command("flatten", id="same")
    assert made.command("flatten", id="same") == []
    assert made.command("kill", id="same") == []
    assert not made.state.risk.killed


# --- parameters ---------------------------------------------------------------------------------------------


class Averaged(Strategy):
    """Keeps an average and what it was told."""

    length = param.Integer(2, bounds=(1, 9), doc="window [bars]")
    act: Any = None

    def on_start(self) -> None:
        self.average = self.indicator(SMA, self.length)
        self.heard: list[Any] = getattr(self, "heard", [])

    def on_bar(self, bar: Bar) -> None:
        self.heard.append(self.average.value)

    def on_params(self, changed: Any) -> None:
        self.heard.append(dict(changed))
        super().on_params(changed)


def test_set_param_is_told_and_warms_indicators_up_from_the_bars_in_state() -> None:
    made = Desk(Averaged(), params={"length": 2})
    strategy: Any = made.strategy
    for n in range(4):
        made.bar(flat(n, float(n)))
    assert made.command("set_param", name="length", value=4) == [ParamsChanged("s", {"length": 4})]
    assert made.state.strategy.params == {"length": 4}
    assert strategy.length == 4
    assert strategy.average.value == 1.5
    made.bar(flat(4, 8.0))
    assert strategy.heard[2:] == [1.5, 2.5, {"length": 4}, 3.5]
    assert [line.indicator for _, line in made.engine.series.all_lines()] == [
        strategy.average
    ]  # the old one is gone


class Spanned(Strategy):
    """Has a parameter that JSON has no word for."""

    span = param.Range((1, 2), doc="a range")


def test_a_parameter_is_set_from_plain_json_and_told_as_such() -> None:
    made = Desk(Spanned())
    assert made.command("set_param", name="span", value=[3, 4]) == [ParamsChanged("s", {"span": [3, 4]})]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": "lenght", "value": 3}, "Averaged has no parameter 'lenght'; it has length"),
        ({"name": "length", "value": 99}, "'Averaged.length' must be at most 9"),
        ({"name": "length", "value": "x"}, "'Averaged.length' must be"),
        ({}, "Averaged has no parameter ''"),
    ],
)
def test_a_parameter_that_cannot_be_set_is_refused_and_changes_nothing(args: Any, words: str) -> None:
    made = Desk(Averaged())
    made.bar(flat(0, 100.0))
    strategy: Any = made.strategy
    before = strategy.average
    assert words in refusal(made.command("set_param", **args))
    assert (strategy.length, strategy.average) == (2, before)
    assert parameters(strategy) == {"length": 2}


def test_indicators_made_anew_follow_the_same_instrument_as_at_the_start() -> None:
    made = Desk(Averaged(), specs=[Instrument(id="BTC"), Instrument(id="ETH")])
    strategy: Any = made.strategy
    made.bar(flat(0, 100.0))
    made.bar(flat(0, 5.0, instrument="ETH"))
    made.command("set_param", name="length", value=1)
    made.bar(flat(1, 102.0))
    assert strategy.average.value == 102.0


def test_a_strategy_that_makes_indicators_later_is_told_that_it_is_too_late() -> None:
    made = Desk(Quiet())
    told = made.bar(flat(0, 100.0), lambda s, b: s.indicator(SMA, 3))
    assert types(told) == ["bar.closed", "strategy.failed", "risk.changed"]
    assert "make indicators in on_start" in made.state.strategy.error
