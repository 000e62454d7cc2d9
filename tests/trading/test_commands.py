"""Commands from outside: each does one thing, once, or is refused with the reason."""

from decimal import Decimal
from typing import Any

import param
import pytest

from tests.builders import flat
from tests.trading.desk import Desk, Quiet, types
from tradekit.core.event import Fact
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
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


def test_submit_sends_an_order_that_says_who_sent_it() -> None:
    made = Desk()
    made.bar(flat(0, 100.0))
    (sent, accepted) = made.command(
        "submit", side="buy", qty="0.5", limit=99, tif="gtc", tag="hand", reason="news"
    )
    assert isinstance(sent, OrderSubmitted)
    assert (sent.id, sent.instrument, sent.side, sent.qty, sent.limit) == (
        "s-1",
        "BTC",
        "buy",
        Decimal("0.5"),
        99,
    )
    assert (sent.tag, sent.reason) == ("hand", "submitted by me: news")
    assert accepted.TYPE == "order.accepted"
    (sent, *_) = made.command("submit", side="sell", qty=1, instrument="BTC")
    assert isinstance(sent, OrderSubmitted)
    assert (sent.side, sent.reason) == ("sell", "submitted by me")


def test_a_submitted_entry_may_bring_its_exits() -> None:
    made = Desk()
    made.bar(flat(0, 100.0))
    told = made.command("submit", side="buy", qty=1, stop_loss=95, take_profit=110)
    assert kinds(told)[:3] == ["order.submitted"] * 3


def test_a_submitted_order_that_risk_denies_is_told_as_both() -> None:
    made = Desk(limits={"max_order_qty": "1"})
    made.bar(flat(0, 100.0))
    denied, refused = made.command("submit", side="buy", qty=2)
    assert denied.TYPE == "order.denied"
    assert refusal([refused]) == "s-1 was denied by max_order_qty: 2 against 1"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "side is None: say buy or sell"),
        ({"side": "long", "qty": 1}, "side is 'long': say buy or sell"),
        ({"side": "buy"}, "name the instrument: the session has BTC, ETH"),
        ({"side": "buy", "instrument": "BTC"}, "an order needs a quantity, or a share"),
        ({"side": "buy", "instrument": "BTC", "qty": [1]}, "quantity is [1]: give a number"),
        ({"side": "buy", "instrument": "DOGE", "qty": 1}, "no instrument 'DOGE' in this session"),
        ({"side": "buy", "instrument": "BTC", "qty": 1, "limt": 9}, "limt is no term of an order; there are after,"),
        ({"side": "buy", "instrument": "BTC", "qty": 1, "tag": 7}, "tag is 7: give a text"),
        ({"side": "buy", "instrument": "BTC", "qty": 1, "post_only": "yes"}, "post_only is 'yes': give true or false"),
        ({"side": "buy", "instrument": "BTC", "qty": 1, "tif": "soon"}, "tif is 'soon'"),
    ],
)  # fmt: skip
def test_a_submitted_order_that_makes_no_sense_is_refused(args: dict[str, Any], words: str) -> None:
    made = working()
    assert words in refusal(made.command("submit", **args))
    assert made.state.strategy.intents == 3


def test_nothing_is_submitted_in_a_session_that_is_not_armed() -> None:
    made = Desk(armed=False)
    made.bar(flat(0, 100.0))
    assert kinds(made.command("submit", side="buy", qty=1)) == ["order.denied", "command.refused"]


def test_replace_changes_a_working_order_and_says_who_did() -> None:
    made = working()
    request, replaced = made.command("replace", order_id="s-2", qty=2, limit=91)
    assert isinstance(request, OrderReplaceRequested)
    assert (request.qty, request.limit, request.reason) == (2, 91, "replaced by me")
    assert replaced.TYPE == "order.replaced"
    assert made.state.orders["s-2"].limit == 91


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"order_id": "s-9", "qty": 1}, "no working order 's-9'; working: s-2, s-3"),
        ({"qty": 1}, "no working order ''"),
        ({"order_id": "s-2", "tif": "day"}, "tif is no term of an order; there are limit, qty"),
        ({"order_id": "s-2", "stop": 9}, "s-2 is a limit order without stop"),
        ({"order_id": "s-2", "qty": 1, "limit": 90}, "s-2 has these terms already"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(args: dict[str, Any], words: str) -> None:
    assert words in refusal(working().command("replace", **args))


def test_a_change_that_risk_refuses_is_refused_with_its_words() -> None:
    made = working()
    made.command("halt", reason="lunch")
    rejected, refused = made.command("replace", order_id="s-2", limit=99)
    assert rejected.TYPE == "order.replace_rejected"
    assert refusal([refused]) == "not replaced: halted: lunch"


@pytest.mark.parametrize(
    ("field", "words"),
    [("cancel_requested", "it is to be canceled"), ("replace_requested", "a replacement of it is under way")],
)
def test_an_order_that_is_being_changed_is_not_replaced(field: str, words: str) -> None:
    made = working()
    setattr(made.state.orders["s-2"], field, True)
    assert refusal(made.command("replace", order_id="s-2", qty=5)) == f"s-2 cannot be replaced now: {words}"


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


class Paired(Averaged):
    """Has a second parameter."""

    width = param.Number(1.0, bounds=(0, 5), doc="a width")


def test_several_parameters_are_set_as_one() -> None:
    made = Desk(Paired())
    strategy: Any = made.strategy
    told = made.command("set_param", values={"length": 3, "width": 2.0})
    assert told == [ParamsChanged("s", {"length": 3, "width": 2.0})]
    assert strategy.heard == [{"length": 3, "width": 2.0}], "it starts anew once"
    assert made.command("set_param", values={"width": 3.0}) == [
        ParamsChanged("s", {"length": 3, "width": 3.0})
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"length": 3, "width": 99}, "'Paired.width' must be at most 5"),
        ({"length": 3, "widht": 2.0}, "Paired has no parameter 'widht'; it has length, width"),
        ({}, "set_param names no parameter"),
        ("length", "Paired has no parameter ''"),
    ],
)
def test_of_several_parameters_all_are_set_or_none(values: Any, words: str) -> None:
    made = Desk(Paired())
    strategy: Any = made.strategy
    before = dict(made.state.strategy.params)
    assert words in refusal(made.command("set_param", values=values))
    assert parameters(strategy) == {"length": 2, "width": 1.0}
    assert made.state.strategy.params == before
    assert strategy.heard == []


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
