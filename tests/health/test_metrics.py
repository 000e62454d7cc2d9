import math

from prometheus_client.parser import text_string_to_metric_families

from tradekit.core.clock import ManualClock
from tradekit.health.metrics import SessionMetrics


def samples(metrics: SessionMetrics) -> dict[str, float]:
    """Every sample's value by its name and labels."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            found[",".join([sample.name, *sample.labels.values()])] = sample.value
    return found


def test_events_are_counted_by_type() -> None:
    metrics = SessionMetrics()
    metrics.event("order.filled")
    metrics.event("order.filled")
    metrics.event("bar.closed", 3)
    got = samples(metrics)
    assert got["tradekit_events_total,order.filled"] == 2
    assert got["tradekit_events_total,bar.closed"] == 3


def test_what_takes_time_falls_into_its_bucket() -> None:
    clock = ManualClock()
    metrics = SessionMetrics(clock=clock)
    for timed in (metrics.appending, metrics.folding, metrics.stepping):
        with timed():
            clock.advance(0.003)
    metrics.step_took(0.2)
    got = samples(metrics)
    for name in ("append", "fold"):
        assert got[f"tradekit_{name}_seconds_sum"] == 0.003
        assert got[f"tradekit_{name}_seconds_count"] == 1
    assert (got["tradekit_append_seconds_bucket,0.002"], got["tradekit_append_seconds_bucket,0.005"]) == (
        0,
        1,
    )
    assert got["tradekit_step_seconds_count"] == 2


def test_a_failed_append_is_timed_too() -> None:
    clock = ManualClock()
    metrics = SessionMetrics(clock=clock)
    try:
        with metrics.appending():
            clock.advance(1)
            raise OSError
    except OSError:
        pass
    assert samples(metrics)["tradekit_append_seconds_sum"] == 1


def test_a_gauge_is_read_when_the_page_is() -> None:
    metrics = SessionMetrics()
    depth = [1]
    metrics.gauge("inbox_depth", "Waiting at the inbox", lambda: depth[0])
    assert samples(metrics)["tradekit_inbox_depth"] == 1
    depth[0] = 7
    assert samples(metrics)["tradekit_inbox_depth"] == 7
    metrics.gauge("inbox_depth", "Waiting at the inbox", lambda: 9)
    assert samples(metrics)["tradekit_inbox_depth"] == 9


def test_one_reading_fills_a_gauge_for_each_of_its_items() -> None:
    metrics = SessionMetrics()
    ages = {"orders": 1.5, "bars": math.inf}
    metrics.gauges("state_age_seconds", "Age", "path", lambda: ages)
    got = samples(metrics)
    assert got["tradekit_state_age_seconds,orders"] == 1.5
    assert got["tradekit_state_age_seconds,bars"] == math.inf
    ages["pnl"] = 0
    assert samples(metrics)["tradekit_state_age_seconds,pnl"] == 0


def test_what_is_counted_elsewhere_is_shown_as_a_counter() -> None:
    metrics, errors = SessionMetrics(), [2]
    metrics.counter("subscriber_errors", "Errors", lambda: errors[0])
    errors[0] = 3
    assert samples(metrics)["tradekit_subscriber_errors_total"] == 3
    assert "# TYPE tradekit_subscriber_errors_total counter" in metrics.render().decode()


def test_the_process_tells_its_cpu_memory_and_files() -> None:
    got = samples(SessionMetrics())
    assert got["process_resident_memory_bytes"] > 1_000_000
    assert got["process_open_fds"] > 0
    assert got["process_cpu_seconds_total"] > 0


def test_two_sessions_in_one_process_do_not_mix() -> None:
    one, other = SessionMetrics(), SessionMetrics()
    one.event("bar.closed")
    assert "tradekit_events_total,bar.closed" not in samples(other)
