import json
import math

import pytest

from tradekit.widgets.gauges import Gauges


def metrics(**changes: float) -> dict[str, float]:
    """A page's numbers; `process_start_time_seconds` names the process."""
    found = {
        "process_start_time_seconds": 1.0,
        "tradekit_journal_seq": 100.0,
        "tradekit_journal_durable_seq": 98.0,
    }
    return found | {
        name.replace("__", "{", 1) + ("}" if "__" in name else ""): value for name, value in changes.items()
    }


def cards(gauges: Gauges) -> dict[str, dict[str, object]]:
    return {str(card["key"]): card for card in gauges.cards()}


def steps(total_s: float, quick: float, slow: float) -> dict[str, float]:
    """A histogram of steps: so many within 1 ms, so many within 100 ms, one way and the other."""
    name = "tradekit_step_seconds"
    return metrics() | {
        f"{name}_sum": total_s, f"{name}_count": quick + slow,
        f"{name}_bucket{{0.001}}": quick, f"{name}_bucket{{0.1}}": quick + slow, f"{name}_bucket{{+Inf}}": quick + slow,
    }  # fmt: skip


def test_before_the_first_reading_there_is_nothing() -> None:
    assert Gauges().cards() == []


def test_a_rate_is_what_came_between_two_readings() -> None:
    gauges = Gauges()
    gauges.note(10.0, metrics(process_cpu_seconds_total=1.0))
    assert cards(gauges)["events"]["text"] == "none yet"
    gauges.note(12.0, metrics(tradekit_journal_seq=150.0, process_cpu_seconds_total=1.5))
    assert (cards(gauges)["events"]["text"], cards(gauges)["events"]["unit"]) == ("25.0", "/s")
    assert cards(gauges)["cpu"]["text"] == "25.0"
    assert cards(gauges)["events"]["points"] == [25.0]


def test_a_latency_is_the_mean_of_what_happened_since_and_its_slowest_hundredth_a_bound() -> None:
    gauges = Gauges()
    gauges.note(0.0, steps(10.0, 1000, 0))
    gauges.note(2.0, steps(10.05, 1098, 2))
    card = cards(gauges)["step"]
    assert (card["text"], card["unit"], card["more"]) == ("0.50", "ms", "99 % within 100 ms")
    gauges.note(4.0, steps(10.05, 1098, 2))
    assert cards(gauges)["step"]["points"] == [pytest.approx(0.5), None], "no step, no value"
    assert cards(gauges)["step"]["text"] == "0.50", "the last value stays"


def test_what_is_above_its_bound_is_worth_a_look() -> None:
    gauges = Gauges()
    gauges.note(0.0, metrics(tradekit_inbox_depth=0.0))
    gauges.note(2.0, metrics(tradekit_inbox_depth=11.0))
    assert (cards(gauges)["inbox"]["text"], cards(gauges)["inbox"]["tone"]) == ("11", "warn")
    assert cards(gauges)["behind"]["tone"] == ""


def test_what_is_no_number_is_none_and_the_cards_are_plain_json() -> None:
    gauges = Gauges()
    for at in (0.0, 2.0):
        gauges.note(
            at, metrics(tradekit_snapshot_age_seconds=math.nan, tradekit_state_age_seconds__bars=math.inf)
        )
    assert cards(gauges)["snapshot"]["text"] == cards(gauges)["bars"]["text"] == "none yet"
    json.dumps(gauges.cards(), allow_nan=False)


def test_a_restart_begins_the_lines_anew() -> None:
    gauges = Gauges()
    for at in (0.0, 2.0, 4.0):
        gauges.note(at, metrics(tradekit_journal_seq=100.0 + at))
    gauges.note(6.0, metrics(tradekit_journal_seq=3.0) | {"process_start_time_seconds": 2.0})
    assert cards(gauges)["events"]["points"] == []
    gauges.note(8.0, metrics(tradekit_journal_seq=7.0) | {"process_start_time_seconds": 2.0})
    assert cards(gauges)["events"]["points"] == [2.0]


def test_a_line_is_only_so_long() -> None:
    gauges = Gauges(kept=3)
    for at in range(10):
        gauges.note(float(at), metrics(tradekit_journal_seq=float(at * at)))
    assert cards(gauges)["events"]["points"] == [13.0, 15.0, 17.0]
