"""The loop over several series tells what `step` tells: same bars, same order, same events."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, columns, flat, law
from tests.run.scripted import LIMITS, OTHERS, TARGETS, Hearing, Script, Scripted, markets
from tradekit.core.codec import encode_event
from tradekit.data.columns import BarColumns
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.run import several
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.base import Strategy

NAMES = ("BTC", "ETH", "SOL")


class Wide(Hearing):
    """A script on several instruments: indicators on each, wishes for the bar's own or for another."""

    def on_start(self) -> None:
        self.averages = {name: self.indicator(SMA, 2, instrument=name) for name in self.state.instruments}
        super().on_start()

    def wish_elsewhere(self, bar: Bar | None, name: str, qty: float) -> None:
        if name in self.averages:
            self.buy_to(qty, instrument=name, reason=f"{self.averages[name].value:g}")

    def wish_held(self, bar: Bar | None) -> None:
        seen = {
            name: (str(self.position(name)), len(self.bars(3, instrument=name))) for name in self.averages
        }
        self.signal("held", 0, note=f"{self.position()} {[one.close for one in self.bars(2)]} {seen}")


class WideDeaf(Wide):
    """The same without an ear for fills and orders."""

    on_fill = Strategy.on_fill
    on_order = Strategy.on_order


PLAIN = st.one_of(  # what the tape knows
    *TARGETS, st.tuples(st.just("elsewhere"), st.sampled_from(NAMES), st.sampled_from([0, 1, -2])),
    st.tuples(st.just("held")),
)  # fmt: skip
WISHES = st.one_of(PLAIN, *OTHERS)


def renamed(bars: BarColumns, name: str, shift: float) -> BarColumns:
    prices = {field: getattr(bars, field) for field in ("open", "high", "low", "close", "volume")}
    return BarColumns(Instrument(id=name), bars.timeframe, ts=bars.ts + int(shift * MINUTE), **prices)


def scripted(kind: type[Wide], script: Script) -> type[Wide]:
    return type(kind.__name__, (kind,), {"script": script, "__module__": __name__})


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    """Two or three series, side by side or beginning at other times, and a script that may become less plain."""
    names = NAMES[: draw(st.integers(2, 3))]
    shifts = st.sampled_from([0, 0, 1, 3, 0.5])
    series = [renamed(draw(markets(Instrument(id="X"))), name, draw(shifts)) for name in names]
    count = sum(map(len, series))
    plain_until = draw(st.sampled_from([0, count // 2, count + 1, count + 1]))
    script = {
        n: draw(st.lists(PLAIN if n < plain_until else WISHES, max_size=2))
        for n in (*range(count + 1), -1)
        if draw(st.booleans())
    }
    kind = scripted(draw(st.sampled_from([Wide, WideDeaf, WideDeaf])), script)
    kind.instruments = draw(st.sampled_from([(), (), names[:1], names[1:]]))
    return {
        "make": kind,
        "bars": series,
        "fee": draw(st.sampled_from([0, 0.001])),
        "slippage": draw(st.sampled_from([0, 0.0007])),
        "limits": draw(LIMITS),
    }


def play(run: dict[str, Any], *, stepwise: bool) -> Result:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    return backtest(run["make"](), run["bars"], stepwise=stepwise, **options)


def story(result: Result) -> list[str]:
    return [encode_event(event).decode() for event in result.events()]


@given(runs(), st.sampled_from([1, 5, 8192]), st.sampled_from([1, 4, 2048]))
@law(60)
def test_the_loop_over_several_series_tells_what_step_tells(
    run: dict[str, Any], window: int, ahead: int
) -> None:
    with patch.multiple(several, _WINDOW=window, _LEAST=1, _AHEAD=ahead):
        quick = play(run, stepwise=False)
    assert story(quick) == story(play(run, stepwise=True))


def test_the_loop_is_the_one_that_runs_several_plain_series(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = several.SeveralLoop.run
    monkeypatch.setattr(several.SeveralLoop, "run", lambda *args: (calls.append(1), real(*args))[1])
    other = columns([flat(n, 50.0 + n % 3, instrument="ETH") for n in range(12)])
    both = [columns([flat(n, 97.0 + n % 5) for n in range(12)]), other]
    assert len(backtest(Scripted, both).bars("ETH")) == 12
    assert calls == [1]
    backtest(Scripted, both, leverage=2)  # a rule that watches each bar
    backtest(Scripted, both, stepwise=True)
    assert calls == [1]


def test_a_bar_that_starts_later_or_is_missing_keeps_its_place() -> None:
    late = columns([flat(n, 50.0 + n % 3, instrument="ETH") for n in (3, 4, 8, 9, 20)])
    early = columns([flat(n, 97.0 + n % 5) for n in range(12)])
    script: Script = {
        n: [("elsewhere", "ETH", n % 3), ("held",), ("to", 1 - n % 2, "")] for n in range(1, 17)
    }
    stories = [
        story(backtest(scripted(WideDeaf, script)(), [early, late], stepwise=s)) for s in (False, True)
    ]
    assert stories[0] == stories[1]
    assert sum("order.filled" in line for line in stories[0]) > 10
