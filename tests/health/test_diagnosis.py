import math
from typing import Any

import pytest

from tradekit.health.diagnosis import diagnose, read_metrics
from tradekit.health.finding import Grade

HEALTH: dict[str, Any] = {
    "live": True,
    "ready": True,
    "reasons": [],
    "mode": "paper",
    "seq": 1_234,
    "feeds": {"replay": {"status": "running"}},
}
METRICS = {
    "tradekit_journal_seq": 1_234.0,
    "tradekit_journal_durable_seq": 1_234.0,
    "tradekit_journal_bytes": 3.0 * 2**20,
    "tradekit_snapshot_age_seconds": 61.0,
    "tradekit_state_age_seconds{bars}": 59.0,
    "tradekit_bar_interval_seconds": 60.0,
    "tradekit_events_total{order.submitted}": 7.0,
    "tradekit_events_total{order.filled}": 6.0,
    "tradekit_loop_lag_seconds": 0.001,
    "tradekit_bridge_clients": 2.0,
    "process_open_fds": 20.0,
    "process_max_fds": 1024.0,
    "process_resident_memory_bytes": 100.0 * 2**20,
}


def told(health: dict[str, Any] | None = None, **metrics: float) -> dict[str, tuple[Grade, str]]:
    """Findings by subject. In a metric's name, __ begins the label's value and every later _ in it is a dot."""
    numbers = dict(METRICS)
    for word, value in metrics.items():
        name, _, label = word.partition("__")
        full = f"{name}{{{label.replace('_', '.')}}}" if label else name
        numbers[full if full.startswith("process_") else f"tradekit_{full}"] = value
    return {found.subject: (found.grade, found.said) for found in diagnose(HEALTH | (health or {}), numbers)}


def test_a_session_that_is_well_has_nothing_but_well() -> None:
    found = told()
    assert {grade for grade, _ in found.values()} == {Grade.WELL}
    assert found["session"][1] == "paper session at #1,234, armed"
    assert found["journal"][1] == "#1,234, 3.0 MB"
    assert found["orders"][1] == "7 sent, 6 fills since the start"


@pytest.mark.parametrize(
    ("subject", "grade", "said", "metrics"),
    [
        ("journal", Grade.WRONG, "a write has failed", {"journal_failed": 1}),
        ("journal", Grade.WRONG, "1,034 events are not on stable", {"journal_durable_seq": 200}),
        ("snapshots", Grade.NOTE, "none yet", {"snapshot_age_seconds": math.nan}),
        ("snapshots", Grade.NOTE, "the newest is 3 h old", {"snapshot_age_seconds": 10_800}),
        ("feed replay", Grade.WRONG, "due each 60 s, the last came 10 min ago", {"state_age_seconds__bars": 600}),
        ("feed replay", Grade.WRONG, "there was none since the start", {"state_age_seconds__bars": math.inf}),
        ("orders", Grade.NOTE, "4 denied", {"events_total__order_denied": 4}),
        ("strategy", Grade.WRONG, "has raised 1 times", {"events_total__strategy_failed": 1}),
        ("event loop", Grade.NOTE, "late by 80 ms", {"loop_lag_seconds": 0.08}),
        ("event loop", Grade.WRONG, "late by 900 ms", {"loop_lag_seconds": 0.9}),
        ("bridge", Grade.WRONG, "late by 2,000 ms", {"bridge_lag_seconds": 2}),
        ("inbox", Grade.WRONG, "101 wait", {"inbox_depth": 101}),
        ("bus", Grade.WRONG, "5,000 wait", {"bus_handovers": 5_000}),
        ("handlers", Grade.NOTE, "raised 3 times", {"subscriber_errors_total": 3}),
        ("secrets", Grade.NOTE, "2 texts", {"redactions_total": 2}),
        ("clients", Grade.NOTE, "5 times one fell behind, 0", {"bridge_gaps_total": 5}),
        ("process", Grade.WRONG, "900 of 1,024 open files", {"process_open_fds": 900}),
    ],
)  # fmt: skip
def test_what_is_not_well_is_said(subject: str, grade: Grade, said: str, metrics: dict[str, float]) -> None:
    found = told(**metrics)
    assert found[subject][0] is grade
    assert said in found[subject][1]
    others = {grade for name, (grade, _) in found.items() if name != subject}
    assert others == {Grade.WELL}


def test_bars_may_be_late_by_a_little_and_come_as_they_like_without_a_pace() -> None:
    assert told(state_age_seconds__bars=184)["feed replay"][0] is Grade.WELL
    assert told(state_age_seconds__bars=9_999, bar_interval_seconds=0)["feed replay"][0] is Grade.WELL


def test_an_old_snapshot_is_well_while_nothing_happens() -> None:
    found = told(snapshot_age_seconds=90_000, state_age_seconds__bars=80_000, bar_interval_seconds=0)
    assert found["snapshots"] == (Grade.WELL, "the newest is 25 h old")


def test_a_feed_that_has_ended_is_noted() -> None:
    found = told({"feeds": {"replay": {"status": "ended"}}}, state_age_seconds__bars=9_999)
    assert found["feed replay"] == (Grade.NOTE, "ended: no more bars come")


def test_a_session_that_is_halted_or_dead_says_why() -> None:
    halted = told({"ready": False, "reasons": ["lunch"]})["session"]
    assert halted == (Grade.NOTE, "alive, but nothing that adds risk goes out: lunch")
    dead = told({"live": False, "ready": False, "reasons": ["the journal failed", "halted"]})["session"]
    assert dead == (Grade.WRONG, "the journal failed; halted")


def test_without_metrics_life_is_all_that_is_known() -> None:
    found = diagnose(HEALTH, {})
    assert [(one.subject, one.grade) for one in found] == [("session", Grade.WELL), ("metrics", Grade.NOTE)]


def test_a_page_of_metrics_is_read_by_name_and_label() -> None:
    page = (
        "# HELP tradekit_events_total Events\n# TYPE tradekit_events_total counter\n"
        'tradekit_events_total{type="bar.closed"} 42.0\ntradekit_journal_seq 47.0\n'
        'tradekit_state_age_seconds{path="signals"} +Inf\ntradekit_snapshot_age_seconds NaN\n'
    )
    got = read_metrics(page)
    assert got["tradekit_events_total{bar.closed}"] == 42
    assert got["tradekit_journal_seq"] == 47
    assert got["tradekit_state_age_seconds{signals}"] == math.inf
    assert math.isnan(got["tradekit_snapshot_age_seconds"])
    assert len(got) == 4
