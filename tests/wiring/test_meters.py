"""What a session measures: docs/metrics.md names it all, and /metrics shows it."""

import math
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.sessions import Project, wait_until
from tests.wiring.conftest import BARS
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<name>\w+)(?:\{(?P<label>\w+)\})?` \| (?P<kind>\w+) \| \S", re.MULTILINE)


def scraped(session: Session) -> str:
    page = session.uri.replace("ws://", "http://").removesuffix("/ws")
    with urllib.request.urlopen(f"{page}/metrics", timeout=30) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def play(session: Session) -> str:
    wait_until(lambda: any(feed.status == "ended" for feed in session.state.health.feeds.values()))
    session.snapshot()
    return scraped(session)


def values(text: str) -> dict[str, float]:
    """By name, with the value of the one label behind a comma."""
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_page_of_the_docs_and_the_page_of_a_session_name_the_same(project: Project, host: Host) -> None:
    families = list(text_string_to_metric_families(host(play)))
    shown = set()
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {key for sample in family.samples for key in sample.labels} - {"le"}
        shown.add((name, ",".join(labels) or None, family.type))
        assert family.documentation
    assert {row.group("name", "label", "kind") for row in ROW.finditer(PAGE)} == shown


def test_the_numbers_are_those_of_the_session(project: Project, host: Host) -> None:
    got = values(host(play, market_data__speed=6e7))
    events = {name: value for name, value in got.items() if name.startswith("tradekit_events_total")}
    assert got["tradekit_events_total,bar.closed"] == BARS
    assert sum(events.values()) == got["tradekit_journal_seq"] == got["tradekit_journal_durable_seq"]
    assert got["tradekit_state_seq"] == got["tradekit_journal_seq"]
    assert got["tradekit_journal_bytes"] > 100_000
    assert got["tradekit_journal_failed"] == 0
    assert 0 <= got["tradekit_snapshot_age_seconds"] < 60
    assert 0 <= got["tradekit_state_age_seconds,bars"] < 60
    assert got["tradekit_state_age_seconds,monitors"] == math.inf
    assert got["tradekit_bar_interval_seconds"] == 1e-6
    assert got["tradekit_fold_seconds_count"] == got["tradekit_journal_seq"]
    assert (got["tradekit_bridge_clients"], got["tradekit_inbox_depth"]) == (1, 0)


def test_metrics_can_be_turned_off(project: Project, host: Host) -> None:
    assert host(scraped, monitoring__metrics=False) == "# off: monitoring.metrics is false\n"
