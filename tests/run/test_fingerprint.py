from typing import Any

import pytest

import tradekit as tk
from tradekit.run.fingerprint import fingerprint
from tradekit.strategy.library import SmaCross

BARS = tk.load_bars("sample:BTCUSDT-1m").iloc[:300]


def taken(bars: Any = BARS, *, fast: int = 5, **more: Any) -> str:
    return fingerprint(tk.backtest(SmaCross(fast=fast, slow=20), bars, **{"cash": 100_000, **more}))


def test_the_same_run_has_the_same_fingerprint_twice_and_whichever_way_it_was_played() -> None:
    assert taken() == taken() == taken(stepwise=True)


@pytest.mark.parametrize("more", [{"fast": 6}, {"cash": 100_001}, {"fee": 0.001}, {"leverage": 3}])
def test_another_parameter_or_term_gives_another(more: dict[str, Any]) -> None:
    assert taken(**more) != taken()


def test_another_volume_of_one_bar_gives_another() -> None:
    changed = BARS.copy()
    changed.iloc[200, changed.columns.get_loc("volume")] += 1.0
    assert taken(changed) != taken()
