"""Random orders of every type against random bars, quotes and trades under random rules: what must hold, at length."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from tests.sim import fuzz
from tradekit.model.order import OrderType

pytestmark = [pytest.mark.proof, pytest.mark.timeout(14_400)]


def test_whatever_is_ordered_every_fill_obeys_its_order_its_market_and_the_rules(
    proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    examples = proof_size(ci=150, full=20_000)
    words: Counter[str] = Counter()

    @given(fuzz.days(longest=14))
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(day: fuzz.Day) -> None:
        fuzz.check_fold(day)
        fuzz.check_fills(day)
        fuzz.check_equity(day)
        words.update(fuzz.rule_words(day))

    holds()
    assert {word.partition(".")[0] for word in words} == set(OrderType)
    proof_record(
        "random orders of every type on the simulated exchange",
        size=f"{examples:,} random markets under random rules",
        result=f"{sum(words.values()):,} fills by {len(words)} rule words, every invariant held",
        note="range, size, price, volume, reduce-only, fill-or-kill, positions, equity, book = fold",
    )
