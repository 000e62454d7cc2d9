"""Rules and models as a configuration writes them."""

from decimal import Decimal
from typing import Any

import pytest

from tradekit.errors import ConfigError
from tradekit.sim.fees import FixedFee, MakerTakerFee, PercentFee, PerShareFee, TieredFee
from tradekit.sim.rules import Rules
from tradekit.sim.slippage import FixedSlippage, VolumeShareSlippage
from tradekit.sim.worded import rules_from

D = Decimal


def test_plain_numbers_are_the_plain_rules() -> None:
    assert rules_from({}) == Rules()
    assert rules_from({}, fee=D("0.001"), slippage=D("0.0005")) == Rules(fee=D("0.001"), slippage=D("0.0005"))


@pytest.mark.parametrize(
    ("words", "fee"),
    [
        ({"model": "percent", "rate": 0.1, "minimum": 1}, PercentFee(D("0.1"), D(1))),
        ({"model": "fixed", "amount": 2, "per": "order"}, FixedFee(D(2), per="order")),
        ({"model": "per_share", "amount": 0.005, "most": 0.01}, PerShareFee(D("0.005"), most=D("0.01"))),
        ({"model": "maker_taker", "maker": -0.0001, "taker": 0.001}, MakerTakerFee(D("-0.0001"), D("0.001"))),
        ({"model": "tiered", "tiers": [[0, 0.1, 0.2]], "days": None}, TieredFee(((D(0), D("0.1"), D("0.2")),), None)),
    ],
)  # fmt: skip
def test_a_fee_may_be_any_model(words: dict[str, Any], fee: object) -> None:
    assert rules_from({}, fee=words).fee == fee


def test_slippage_and_the_rules_may_be_said_too() -> None:
    made = rules_from(
        {"path": "open_high_low_close", "participation": 0.1, "submit_latency": 5_000_000},
        slippage={"model": "volume_share", "impact": 0.2},
    )
    assert (made.path, made.participation, made.submit_latency) == (
        "open_high_low_close",
        D("0.1"),
        5_000_000,
    )
    assert made.slippage == VolumeShareSlippage(D("0.2"))
    assert rules_from({}, slippage={"model": "fixed", "ticks": 1}).slippage == FixedSlippage(ticks=D(1))


@pytest.mark.parametrize(
    ("rules", "fee", "why"),
    [
        ({"pth": "x"}, 0, r"rules: unknown key 'pth' \(did you mean 'path'\?\)"),
        ({"fee": 1}, 0, "rules: unknown key 'fee'"),
        ({"participation": 7}, 0, "participation is 7"),
        ({}, {"model": "percents"}, r"fee: model is 'percents'; .*did you mean 'percent'"),
        ({}, {"rate": 1}, "fee: model is 'None'"),
        ({}, {"model": "percent", "rat": 1}, r"fee: percent: unknown key 'rat' \(did you mean 'rate'\?\)"),
        ({}, {"model": "fixed"}, "fee: fixed: Missing required argument 'amount'"),
        ({}, {"model": "tiered", "tiers": [[0, 1]]}, "fee: tiered: not enough values"),
    ],
)
def test_what_is_unknown_missing_or_wrong_is_named(rules: dict[str, Any], fee: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        rules_from(rules, fee=fee)
