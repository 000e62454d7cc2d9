"""The compiled fill simulation: the same with numba and without, to the last bit."""

import builtins
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tradekit.model.instrument import Instrument
from tradekit.sim import vector
from tradekit.sim.costs import Costs
from tradekit.sim.vector import Fills, Terms, equity_of, fills_of, on_lots

pytestmark = pytest.mark.shell


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "numba":
            raise ImportError("no numba here")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    vector.compiled.cache_clear()
    yield
    vector.compiled.cache_clear()


def prices(count: int, seed: int) -> np.ndarray[Any, Any]:
    return np.round(100 + np.random.default_rng(seed).normal(0, 1, count).cumsum() * 0.1, 2)


def simulated(spec: Instrument, costs: Costs) -> tuple[Fills, Any]:
    rng = np.random.default_rng(9)
    targets = rng.choice([0.0, 1.0, -0.5, np.nan], 500, p=[0.2, 0.2, 0.1, 0.5])
    terms = Terms.of(spec, costs)
    fills = fills_of(prices(500, 1), targets, terms)
    return fills, equity_of(prices(500, 2), fills, terms, 10_000.0)


RULES = [
    (Instrument(id="X"), Costs.of()),
    (Instrument(id="X", multiplier=Decimal(5)), Costs.of("0.001", "0.0003")),
    (Instrument(id="X", tick=Decimal("0.05")), Costs.of("0.001", "0.0003")),
    (Instrument(id="X", tick=Decimal("0.03")), Costs.of(0, "0.0003")),
]


@pytest.mark.parametrize("rules", RULES)
def test_plain_and_compiled_give_the_same_bits(
    rules: tuple[Instrument, Costs], request: pytest.FixtureRequest
) -> None:
    fast, curve = simulated(*rules)
    assert hasattr(vector.compiled(vector._fill), "py_func")
    request.getfixturevalue("without_numba")
    plain, slow = simulated(*rules)
    assert vector.compiled(vector._fill) is vector._fill
    for one, other in zip(fast, plain, strict=True):
        assert one.tobytes() == other.tobytes()
    assert curve.tobytes() == slow.tobytes()


def test_each_wish_fills_at_the_next_open_and_equity_is_cash_and_what_is_held() -> None:
    nan = np.nan
    opens = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 15.0])
    closes = opens + 0.5
    terms = Terms.of(Instrument(id="X", multiplier=Decimal(2)), Costs.of("0.01", "0.1"))
    fills = fills_of(opens, np.array([nan, 2.0, nan, -1.0, -1.0, 5.0]), terms)
    assert fills.at.tolist() == [2, 4]
    assert fills.held.tolist() == [2.0, -1.0]
    assert fills.qty.tolist() == [2.0, -3.0]
    np.testing.assert_allclose(fills.price, [13.2, 12.6])
    np.testing.assert_allclose(fills.fee, [2 * 13.2 * 2 * 0.01, 3 * 12.6 * 2 * 0.01])
    after = 100 - 2 * 13.2 * 2 - fills.fee[0]
    last = after + 3 * 12.6 * 2 - fills.fee[1]
    expected = [100, 100, after + 4 * 12.5, after + 4 * 13.5, last - 2 * 14.5, last - 2 * 15.5]
    np.testing.assert_allclose(equity_of(closes, fills, terms, 100.0), expected, rtol=1e-12)


def test_targets_are_rounded_towards_zero_to_whole_lots_as_written() -> None:
    wanted = np.array([0.3, -0.3, 0.25, np.nan, 1.0, 0.29, -0.05, 0.7])
    assert repr(on_lots(wanted, Decimal("0.1")).tolist()) == "[0.3, -0.3, 0.2, nan, 1.0, 0.2, -0.0, 0.7]"
    assert on_lots(wanted, None) is wanted
    assert on_lots(np.array([2.0, np.nan]), Decimal(2)).tolist()[0] == 2.0
    assert on_lots(np.array([3.0, np.nan]), Decimal(2)).tolist()[0] == 2.0
    whole = np.array([3.0, np.nan, -1.0])
    assert on_lots(whole, Decimal("0.001")) is whole


def test_no_bar_and_one_bar_give_no_fill() -> None:
    terms = Terms.of(Instrument(id="X"), Costs.of())
    for count in (0, 1):
        some = np.ones(count)
        fills = fills_of(some, some, terms)
        assert len(fills.at) == 0
        assert equity_of(some, fills, terms, 7.0).tolist() == [7.0] * count


def test_where_no_folder_can_be_written_the_code_is_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    def njit(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: (function, options)

    monkeypatch.setattr(numba, "njit", njit)
    vector.compiled.cache_clear()
    assert vector.compiled(vector._fill) == (vector._fill, {"nogil": True})
    vector.compiled.cache_clear()


@pytest.mark.process
def test_numba_is_not_loaded_before_it_is_needed() -> None:
    import subprocess

    asked = "import sys, tradekit.sim.vector; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
