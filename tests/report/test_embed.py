"""A chart's item is drawn by a stage, which has BokehJS once for all that it is told to draw."""

import base64
import gzip
import json
from html.parser import HTMLParser

import pandas as pd
import pytest

from tradekit.report.embed import packed_stage
from tradekit.report.heatmap import heatmap

pytestmark = pytest.mark.shell


def test_an_item_is_plain_json_without_bokehs_scripts() -> None:
    chart = heatmap(pd.DataFrame({"a": [1], "value": [1.0]}), "a", None, title="t")
    told = chart.item()["item"]
    assert len(told) < 50_000
    assert json.loads(told)["root_id"] == chart.layout.id


def test_the_stage_asks_nothing_from_the_network_and_hears_its_own_page_alone() -> None:
    page = gzip.decompress(base64.b64decode(packed_stage())).decode()
    asked: list[tuple[str, str | None]] = []

    class Tags(HTMLParser):
        """Knows where a script ends: what stands in it as text is no tag."""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            asked.extend(pair for pair in attrs if pair[0] in ("src", "href"))

    Tags().feed(page)
    assert asked == []
    assert "source === window.parent" in page
    assert "Bokeh.embed.embed_item" in page
    assert packed_stage() is packed_stage()
