"""The chart: what it holds, what a page of it weighs, and what a browser makes of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.chromium import opened
from tradekit.report.embed import Chart
from tradekit.report.plot import plot

pytestmark = pytest.mark.shell


def run(
    n: int, every: int = 20, *, instrument: str = "BTCUSDT"
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Bars, fills and equity of a made-up run: a buy and a sell in turn, one each `every` bars."""
    close = 17_000 + np.random.default_rng(3).normal(0, 5, n).cumsum()
    opened = np.concatenate(([17_000.0], close[:-1]))
    index = pd.date_range("2022-12-13", periods=n, freq="1min", tz="UTC", name="ts")
    prices = {"open": opened, "high": np.maximum(opened, close) + 2, "low": np.minimum(opened, close) - 2}
    bars = pd.DataFrame({**prices, "close": close, "volume": 1.0}, index=index)
    bars.attrs = {"instrument": instrument, "timeframe": "1m", "spec": {"tick": "0.01"}}
    at = np.arange(every, n, every)
    buys = np.arange(len(at)) % 2 == 0
    fills = pd.DataFrame(
        {
            "instrument": instrument, "side": np.where(buys, "buy", "sell"), "qty": 1.0, "price": opened[at],
            "fee": 8.5, "realised": np.where(buys, 0.0, 12.25), "rule": "market.open",
        },
        index=index[at],
    )  # fmt: skip
    equity = 10_000 + np.random.default_rng(4).normal(0, 1, n).cumsum()
    return (
        bars,
        fills,
        pd.DataFrame({"equity": equity, "drawdown": equity / np.maximum.accumulate(equity) - 1}, index=index),
    )


def panes(chart: Chart) -> list[Any]:
    from bokeh.plotting import figure

    return list(chart.layout.select({"type": figure}))


def source(chart: Chart, *columns: str) -> Any:
    from bokeh.models import ColumnDataSource

    return next(s for s in chart.layout.select({"type": ColumnDataSource}) if set(columns) <= set(s.data))


def test_price_equity_and_drawdown_share_one_time_axis() -> None:
    chart = plot(*run(1_440), title="a run")
    made = {pane.name: pane for pane in panes(chart)}
    assert set(made) == {"price", "equity", "drawdown"}
    assert len({id(pane.x_range) for pane in made.values()}) == 1


def test_the_fills_of_another_instrument_are_left_out() -> None:
    bars, fills, equity = run(1_440)
    other = fills.assign(instrument="ETHUSDT")
    chart = plot(bars, pd.concat([fills, other]).sort_index(), equity, title="a run")
    assert len(source(chart, "realised", "side").data["x"]) == len(fills)


def test_a_run_without_fills_can_be_drawn() -> None:
    bars, fills, equity = run(300)
    assert "no fills" in plot(bars, fills.iloc[:0], equity, title="a run").html()


@pytest.mark.process
def test_a_million_bars_make_a_page_under_five_megabytes(tmp_path: Path) -> None:
    page = plot(*run(1_000_000, 36), title="a long run").save(tmp_path / "long.html")
    assert page.stat().st_size < 5_000_000


def test_a_title_is_text_and_never_markup() -> None:
    chart = plot(*run(300), title="</script><img src=x onerror=alert(1)>")
    assert "<img src=x" not in chart.html()


def test_a_notebook_gets_a_small_frame_that_stands_alone() -> None:
    chart = plot(*run(1_440), title="a run")
    shown = chart._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert len(shown["text/html"]) < 1_000_000
    assert 'sandbox="allow-scripts allow-downloads"' in shown["text/html"]
    assert not re.search(r'(src|href)="', shown["text/html"])


def test_its_repr_says_how_to_see_it() -> None:
    assert "save(path)" in repr(plot(*run(300), title="a run"))


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page that is as wide as a notebook's cell; nothing may go wrong on it."""
    with opened(chromium, viewport={"width": 1060, "height": 800}) as seen:
        yield seen.page
        assert seen.outside == []
        assert seen.errors == []


READ = """() => {
  const doc = Bokeh.documents[0]
  const text = (name) => doc.get_model_by_name(name).text
  const marks = doc.get_model_by_name("marks").data
  return {price: text("price line"), equity: text("equity line"), drawdown: text("drawdown line"),
          note: text("note"), marks: marks.x.length, head: marks.head, detail: marks.detail, foot: marks.foot}
}"""


def drawn(page: Any, chart: Chart, folder: Path) -> dict[str, Any]:
    """What the chart says once it has been drawn."""
    page.goto(chart.save(folder / "chart.html").as_uri())
    page.wait_for_function("""() => globalThis.Bokeh?.documents[0]?.get_model_by_name("price line")?.text""")
    seen: dict[str, Any] = page.evaluate(READ)
    return seen


@pytest.mark.browser
def test_the_browser_chooses_bars_that_fit_and_finer_ones_when_zoomed_in(page: Any, tmp_path: Path) -> None:
    bars, fills, equity = run(1_440)
    seen = drawn(page, plot(bars, fills, equity, title="a run"), tmp_path)
    assert seen["price"].startswith("5m   2022-12-13 23:55   O ")
    assert seen["equity"] == f"Equity  {equity['equity'].iloc[-1]:,.2f}"
    assert seen["marks"] == len(fills)

    page.mouse.move(400, 250)
    page.mouse.down()
    page.mouse.move(520, 260, steps=4)
    page.mouse.up()
    page.wait_for_function(
        """() => Bokeh.documents[0].get_model_by_name("price line").text.startsWith("1m ")"""
    )
    assert 0 < page.evaluate(READ)["marks"] < len(fills)
    page.mouse.dblclick(400, 250)
    page.wait_for_function(
        """() => Bokeh.documents[0].get_model_by_name("price line").text.startsWith("5m ")"""
    )


@pytest.mark.browser
def test_a_mark_tells_its_fill_in_words(page: Any, tmp_path: Path) -> None:
    bars, fills, equity = run(200)
    seen = drawn(page, plot(bars, fills, equity, title="a run"), tmp_path)
    first = fills.iloc[0]
    assert seen["head"][0] == f"Bought 1 at {first['price']:,.2f}"
    assert seen["detail"][:2] == ["fee 8.50", "realised +12.25, fee 8.50"]
    assert seen["foot"][0] == "2022-12-13 00:20 UTC, market.open"


@pytest.mark.browser
def test_fills_too_many_to_tell_apart_are_counted_instead(page: Any, tmp_path: Path) -> None:
    bars, fills, equity = run(20_000, 4)
    seen = drawn(page, plot(bars, fills, equity, title="a run"), tmp_path)
    assert seen["marks"] == 0
    assert seen["note"] == f"{len(fills):,} fills in view: zoom in to see them"


@pytest.mark.browser
def test_the_numbers_follow_the_pointer(page: Any, tmp_path: Path) -> None:
    bars, fills, equity = run(1_440)
    before = drawn(page, plot(bars, fills, equity, title="a run"), tmp_path)
    page.mouse.move(300, 300)
    page.wait_for_function(
        f"""() => Bokeh.documents[0].get_model_by_name("price line").text !== {json.dumps(before["price"])}"""
    )
    assert page.evaluate(READ)["drawdown"] != before["drawdown"]


@pytest.mark.browser
def test_the_frame_unpacks_itself_in_a_page(page: Any, tmp_path: Path) -> None:
    chart = plot(*run(300), title="a run")
    cell = tmp_path / "cell.html"
    cell.write_text(
        f"<meta charset=utf-8><body>{chart._repr_mimebundle_()['text/html']}</body>", encoding="utf-8"
    )
    page.goto(cell.as_uri())
    page.frame_locator("iframe").get_by_text("a run", exact=True).wait_for()
