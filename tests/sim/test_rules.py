"""The rules as a value: what they take, what they refuse, and which of them the fast loops cover."""

from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import ConfigError
from tradekit.sim.costs import Costs
from tradekit.sim.fees import FixedFee, MakerTakerFee, PercentFee
from tradekit.sim.rules import Rules
from tradekit.sim.slippage import FixedSlippage, PercentSlippage

D = Decimal


def test_numbers_are_made_exact_and_fees_and_slippage_are_made_models() -> None:
    rules = Rules(fee=0.001, slippage=0.0005, participation=0.1, spread=0.002)  # type: ignore[arg-type]
    assert (rules.fee, rules.slippage) == (PercentFee(D("0.001")), PercentSlippage(D("0.0005")))
    assert (rules.participation, rules.spread) == (D("0.1"), D("0.002"))


def test_fee_and_slippage_given_beside_rules_go_before_their_own() -> None:
    rules = Rules(path="open_high_low_close", fee=0.001)
    assert Rules.of(rules) is rules
    changed = Rules.of(rules, fee=FixedFee(D(1)), slippage=0.1)
    assert (changed.path, changed.fee, changed.slippage) == (
        "open_high_low_close", FixedFee(D(1)), PercentSlippage(D("0.1")),
    )  # fmt: skip
    assert Rules.of(fee=0.1).fee == PercentFee(D("0.1"))


@pytest.mark.parametrize(
    "rules",
    [
        Rules(market="this_close"), Rules(path="open_low_high_close"), Rules(limits="through"),
        Rules(limit_gap="limit"), Rules(stop_gap="stop"), Rules(participation=D(1)), Rules(quote_sizes=False),
        Rules(submit_latency=1), Rules(cancel_latency=1), Rules(spread=D("0.1")), Rules(spread_ticks=D(1)),
        Rules(spread_on="entries"), Rules(fee_step=D("0.01")), Rules(slip_in_range=True),
        Rules(fee=PercentFee(D("0.1"), minimum=D(1))), Rules(fee=MakerTakerFee(D(0), D(0))),
        Rules(slippage=FixedSlippage(D(1))), Rules(fee=lambda _: 0), Rules(slippage=lambda _: 0),
    ],
)  # fmt: skip
def test_the_fast_loops_cover_no_rules_but_the_plain_ones(rules: Rules) -> None:
    assert rules.plain is None
    assert Rules(fee=0.001, slippage=0.0005).plain == Costs(D("0.001"), D("0.0005"))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"path": "open_high_low_closed"}, "path is 'open_high_low_closed'; write one of .*did you mean"),
        ({"market": "now"}, "market is 'now'; write one of next_open, this_close"),
        ({"participation": 0}, "participation is 0; give a share above 0 up to 1"),
        ({"participation": 2}, "participation is 2"),
        ({"submit_latency": 0.5}, "submit_latency is 0.5; give whole nanoseconds"),
        ({"cancel_latency": -1}, "cancel_latency is -1"),
        ({"spread": 1}, "spread is 1: give a fraction"),
        ({"spread_ticks": -1}, "spread_ticks is -1"),
        ({"fee_step": 0}, "fee_step is 0"),
        ({"fee": 2}, "fee is 2: give a fraction"),
    ],
)
def test_what_is_no_rule_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Rules(**wrong)
