import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.core.journal_contract import bar, fill, mark
from tradekit.core import bus as bus_module
from tradekit.core.bus import Bus, subject_matches
from tradekit.core.event import Event
from tradekit.errors import ConfigError, RefusedError, TradekitError


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("order.filled.BTC-USD", "order.filled.BTC-USD", True),
        ("order.*.BTC-USD", "order.filled.BTC-USD", True),
        ("order.*.BTC-USD", "order.filled.ETH-USD", False),
        ("order.>", "order.filled.BTC-USD", True),
        ("order.>", "order.filled", True),
        ("order.>", "order", False),
        ("order.*", "order.filled.BTC-USD", False),
        ("order.filled", "order.filled.BTC-USD", False),
        (">", "session.opened", True),
        ("*.*", "session.opened", True),
        ("bar.closed.*.15m", "bar.closed.BTCUSDT.15m", True),
        ("bar.closed.BTCUSDT.>", "bar.closed.BTCUSDT.15m", True),
        ("bar.closed.BRK.B.15m", "bar.closed.BRK.B.15m", True),
    ],
)
def test_a_pattern_fits_its_subjects(pattern: str, subject: str, fits: bool) -> None:
    assert subject_matches(pattern, subject) is fits


TOKENS = st.lists(st.sampled_from(["a", "b", "x-1"]), min_size=1, max_size=4)


@given(
    pattern=st.lists(st.sampled_from(["a", "b", "x-1", "*"]), min_size=1, max_size=4),
    rest=st.booleans(),
    subject=TOKENS,
)
@law(100)
def test_patterns_agree_with_a_regular_expression(pattern: list[str], rest: bool, subject: list[str]) -> None:
    words = [r"[^.]+" if token == "*" else re.escape(token) for token in pattern] + [".+"] * rest
    expected = re.fullmatch(r"\.".join(words), ".".join(subject)) is not None
    assert subject_matches(".".join(pattern + [">"] * rest), ".".join(subject)) is expected


@pytest.mark.parametrize("pattern", ["", "order..filled", ".order", "order.", "order.>.x", ">.order"])
def test_a_bad_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="subject pattern"):
        Bus().subscribe(pattern, print)


def test_everyone_who_asked_is_told_in_the_order_of_asking() -> None:
    bus, heard = Bus(), []
    bus.subscribe("order.*.BTCUSDT", lambda e: heard.append(("orders", e.seq)))
    bus.subscribe("bar.closed.>", lambda e: heard.append(("bars", e.seq)))
    bus.subscribe(">", lambda e: heard.append(("all", e.seq)))
    for event in (fill(1), bar(2), mark(3)):
        bus.publish(event)
    assert heard == [("orders", 1), ("all", 1), ("bars", 2), ("all", 2), ("all", 3)]


def test_a_subscription_made_or_cancelled_later_counts_from_the_next_event() -> None:
    bus, heard = Bus(), []
    bus.publish(mark(1))
    with bus.subscribe("mark.>", lambda e: heard.append(e.seq)) as subscription:
        bus.publish(mark(2))
    bus.publish(mark(3))
    subscription.cancel()
    assert heard == [2]
    assert bus.subscriptions == ()


def test_a_failing_handler_is_isolated_counted_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    reports: list[tuple[str, str, str]] = []
    bus = Bus(on_error=lambda name, subject, error: reports.append((name, subject, repr(error))))

    def broken(event: Event) -> None:
        raise KeyError("boom")

    heard: list[int] = []
    first = bus.subscribe("mark.>", broken)
    bus.subscribe(">", lambda e: heard.append(e.seq))
    bus.publish(mark(1))
    bus.publish(mark(2))
    assert heard == [1, 2]
    assert (first.errors, bus.errors) == (2, 2)
    assert reports == [(broken.__qualname__, "mark.updated.BTCUSDT", "KeyError('boom')")] * 2
    assert "broken failed at mark.updated.BTCUSDT (seq 1)" in caplog.text


def test_a_failing_error_handler_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus, heard = Bus(on_error=lambda *_: 1 / 0), []
    bus.subscribe(">", lambda e: 1 / 0)
    bus.subscribe(">", lambda e: heard.append(e.seq))
    bus.publish(mark(1))
    assert heard == [1]
    assert "error handler failed" in caplog.text


def test_history_is_bounded_and_asked_by_subject_seq_and_time() -> None:
    bus = Bus(max_history=4)
    for event in (mark(1, ts=10), fill(2), mark(3, ts=30), mark(4, ts=40), bar(5)):
        bus.publish(event)
    assert [e.seq for e in bus.history()] == [2, 3, 4, 5]
    assert [e.seq for e in bus.history("mark.>")] == [3, 4]
    assert [e.seq for e in bus.history("mark.>", since=3)] == [4]
    assert [e.seq for e in bus.history("mark.>", since_ts=31)] == [4]
    assert [e.seq for e in bus.history(limit=2)] == [4, 5]
    assert bus.history(limit=0) == []


def test_only_one_thread_publishes_and_the_others_hand_over() -> None:
    woken: list[int] = []
    bus, heard = Bus(on_handover=lambda: woken.append(1)), []
    bus.subscribe(">", lambda e: heard.append((e.seq, threading.get_ident())))
    bus.publish(mark(1))
    refused: list[str] = []

    def elsewhere() -> None:
        try:
            bus.publish(mark(2))
        except TradekitError as error:
            refused.append(str(error))
        for seq in range(2, 5):
            bus.publish_threadsafe(mark(seq))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert [seq for seq, _ in heard] == [1]
    assert bus.drain() == 3
    assert heard == [(seq, threading.get_ident()) for seq in range(1, 5)]
    assert len(woken) == 3
    assert "publish_threadsafe" in refused[0]


def test_a_hand_over_nobody_drains_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "MAX_HANDED_OVER", 2)
    bus = Bus()
    bus.publish_threadsafe(mark(1))
    bus.publish_threadsafe(mark(2))
    with pytest.raises(RefusedError, match="stopped draining"):
        bus.publish_threadsafe(mark(3))


def test_many_subjects_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "MAX_ROUTES", 10)
    bus, heard = Bus(), []
    bus.subscribe("mark.updated.*", lambda e: heard.append(e.key))
    keys = [f"K{i}" for i in range(35)] * 2
    for seq, key in enumerate(keys, 1):
        bus.publish(mark(seq, key=key))
    assert heard == keys
    assert sum(len(routes) for routes in bus._routes.values()) <= 10
