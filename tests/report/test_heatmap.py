"""The map: parameters in their order, blank where there is no value, a page of its own."""

from pathlib import Path

import pandas as pd
import pytest

from tradekit.report.heatmap import heatmap

pytestmark = pytest.mark.shell

CELLS = pd.DataFrame({"a": [2, 2, 10, 10], "b": [20, 3, 20, 3], "value": [1.0, None, 3.0, 4.0]})


def test_parameters_stand_by_size_and_a_missing_value_stays_blank() -> None:
    pane = heatmap(CELLS, "a", "b", title="t").layout
    assert pane.x_range.factors == ["2", "10"]
    assert pane.y_range.factors == ["3", "20"]
    data = pane.renderers[0].data_source.data
    assert list(zip(data["x"], data["y"], data["value"], strict=True)) == [
        ("2", "20", 1.0), ("10", "20", 3.0), ("10", "3", 4.0),
    ]  # fmt: skip
    mapper = pane.renderers[0].glyph.fill_color.transform
    assert (mapper.low, mapper.high) == (1.0, 4.0)


def test_one_parameter_makes_one_row_and_no_value_makes_an_empty_map() -> None:
    pane = heatmap(CELLS.iloc[[0, 2]], "a", None, title="t", dark=True).layout
    assert pane.y_range.factors == [""]
    empty = heatmap(CELLS.iloc[[1]], "a", "b", title="t").layout
    assert len(empty.renderers[0].data_source.data["x"]) == 0


def test_it_is_saved_as_a_page_with_its_title(tmp_path: Path) -> None:
    page = (
        heatmap(CELLS, "a", "b", title="Cross: sharpe")
        .save(tmp_path / "map.html")
        .read_text(encoding="utf-8")
    )
    assert "<title>Cross: sharpe</title>" in page


def test_a_click_on_a_cell_is_told_to_the_page_around_it_where_that_is_wanted() -> None:
    def taps(tells: bool) -> list[str]:
        tools = heatmap(CELLS, "a", "b", title="t", tells=tells).layout.tools
        return [tool.callback.code for tool in tools if type(tool).__name__ == "TapTool"]

    assert taps(False) == []
    (code,) = taps(True)
    assert "window.parent.postMessage" in code
