"""Several runs on one axis: each from its own start, told apart without colour, hidden by a click on its name."""

import pytest

from tradekit.report.overlay import COLOURS, overlay

pytestmark = pytest.mark.shell

CURVES = [("#1 a", [0, 60_000, 120_000], [100.0, 110.0, 90.0]), ("#2 b", [60_000, 180_000], [10.0, 20.0])]


def test_each_line_is_the_return_since_its_own_start() -> None:
    pane = overlay(CURVES).layout
    gains = [list(one.data_source.data["gain"]) for one in pane.renderers]
    assert gains == [pytest.approx([0.0, 0.1, -0.1]), [0.0, 1.0]]
    assert (pane.x_range.start, pane.x_range.end) == (-1800.0, 181_800.0)
    assert pane.y_range.start < -0.1
    assert pane.y_range.end > 1.0


@pytest.mark.parametrize("dark", [True, False])
def test_lines_differ_in_dash_as_well_as_in_colour(dark: bool) -> None:
    glyphs = [one.glyph for one in overlay(CURVES, dark=dark).layout.renderers]
    assert [one.line_color for one in glyphs] == list(COLOURS["dark" if dark else "light"][:2])
    assert glyphs[0].line_dash != glyphs[1].line_dash


def test_a_click_on_a_name_takes_its_line_away() -> None:
    (legend,) = overlay(CURVES).layout.legend
    assert legend.click_policy == "hide"
    assert [item.label.value for item in legend.items] == ["#1 a", "#2 b"]


def test_a_run_that_began_with_nothing_is_a_flat_line() -> None:
    (line,) = overlay([("none", [0, 1], [0.0, 5.0])]).layout.renderers
    assert list(line.data_source.data["gain"]) == [0.0, 0.0]
