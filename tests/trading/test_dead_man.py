"""The dead man's rules on a desk: a silent feed, nobody there, books not compared, and what each policy does."""

import pytest

from tradekit.model.instrument import Instrument
from tradekit.model.market import FeedEnded, FeedStarted, MarketClosed, MarketOpened
from tradekit.model.session import ClientsChanged, Mode
from tradekit.testing.desk import Desk
from tradekit.trading.dead_man import DeadMan, Rule, Then

SECOND = 1_000_000_000


def desk_with(instruments: tuple[str | Instrument, ...] = ("BTC",), **rules: Rule) -> Desk:
    """A desk with a feed, a position of 1 and a working limit order; everything was heard of just now."""
    desk = Desk(instruments, practice={"dead_man": DeadMan(**rules)})
    name = next(iter(desk.state.instruments))
    desk._step(FeedStarted("feed", "the test"))
    desk.mark(name, 100.0)
    desk.submit(cid="held", instrument=name, qty=1)
    desk.report({"kind": "new", "cid": "held", "venue_order_id": "v1"})
    desk.report({"kind": "fill", "cid": "held", "exec_id": "e1", "qty": 1, "price": 100})
    desk.submit(cid="rest", instrument=name, qty=1, price=90)
    desk.report({"kind": "new", "cid": "rest", "venue_order_id": "v2"})
    desk.sent.clear()
    return desk


def answered(desk: Desk, seconds: int, *, marks: tuple[str, ...] = (), ok: bool = True) -> None:
    """Let time pass at a venue that answers every question, with marks of some instruments each second."""
    for _ in range(seconds):
        desk.advance(1)
        for name in marks:
            desk.mark(name, 100.0)
        if any(one["kind"] == "query" for one in desk.sent):
            books(desk, ok=ok)
            desk.sent[:] = [one for one in desk.sent if one["kind"] != "query"]


def books(desk: Desk, *, ok: bool) -> None:
    name = next(iter(desk.state.instruments))
    order = {"cid": "rest", "venue_order_id": "v2", "instrument": name, "side": "buy", "qty": 1, "price": 90}
    working = [order] if desk.state.orders["rest"].working else []
    desk.report({"kind": "open_orders", "items": working, "ok": ok})
    desk.report({"kind": "executions", "items": [], "ok": ok})
    desk.report({"kind": "positions", "items": [{"instrument": name, "qty": 1, "price": 100}], "ok": ok})
    desk.report({"kind": "balances", "items": [], "ok": ok})


def denied_by(desk: Desk, **words: object) -> str:
    return desk.submit(**words).note  # type: ignore[arg-type]


# --- the feed -----------------------------------------------------------------------------------------------


def test_a_silent_feed_lets_only_reducing_orders_out_until_it_is_back() -> None:
    desk = desk_with(feed=Rule(after_s=60))
    answered(desk, 59)
    assert desk.submit(qty=1, price=91).status == "submitted"
    answered(desk, 2)
    assert "nothing was told of BTC for 60 s (60 s are allowed)" in denied_by(desk, qty=1, price=92)
    assert desk.submit(side="sell", qty=1, reduce_only=True).status == "submitted"
    desk.mark("BTC", 101.0)
    assert desk.submit(qty=1, price=93).status == "submitted"
    assert [alert["kind"] for alert in desk.alerts] == ["dead_man", "dead_man"]
    assert not desk.state.risk.halted


def test_it_is_the_silent_instrument_that_is_held_back() -> None:
    desk = desk_with(("BTC", "ETH"), feed=Rule(after_s=60))
    desk.mark("ETH", 100.0)
    answered(desk, 70, marks=("ETH",))
    assert denied_by(desk, instrument="BTC", qty=1)
    assert desk.submit(instrument="ETH", qty=1).status == "submitted"


def test_the_hold_lasts_while_the_books_disagree() -> None:
    desk = desk_with(feed=Rule(after_s=60))
    answered(desk, 61)
    desk.reconcile()
    books(desk, ok=False)
    desk.mark("BTC", 100.0)
    assert "dead man: feed" in desk.state.risk.holds["BTC"]
    desk.reconcile()
    books(desk, ok=True)
    assert desk.state.risk.holds == {}


@pytest.mark.parametrize("calendar", ["24/7", "XNYS"])
def test_while_its_market_rests_a_feed_may_be_silent(calendar: str) -> None:
    desk = desk_with((Instrument(id="ACME", calendar=calendar),), feed=Rule(after_s=60))
    answered(desk, 120)
    assert bool(desk.state.risk.holds) is (calendar == "24/7")


def test_silence_counts_from_the_open() -> None:
    desk = desk_with((Instrument(id="ACME", calendar="XNYS"),), feed=Rule(after_s=60))
    answered(desk, 120)
    desk._step(MarketOpened("XNYS", "2026-01-05", desk.now + 3600 * SECOND))
    answered(desk, 59)
    assert desk.state.risk.holds == {}
    answered(desk, 2)
    assert desk.state.risk.holds
    desk._step(MarketClosed("XNYS", "2026-01-05", desk.now + 3600 * SECOND))
    assert desk.state.risk.holds == {}


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.LIVE])
def test_recorded_data_that_has_ended_is_not_silent_and_a_venues_that_has_is(mode: Mode) -> None:
    desk = desk_with(feed=Rule(after_s=60))
    desk.state.session.mode = mode
    desk._step(FeedEnded("feed", "the end"))
    answered(desk, 120)
    assert bool(desk.state.risk.holds) is (mode is Mode.LIVE)


# --- policies -----------------------------------------------------------------------------------------------


def test_cancel_halts_and_ends_the_working_orders_once() -> None:
    desk = desk_with(feed=Rule(after_s=60, then=Then.CANCEL))
    answered(desk, 61)
    assert [(one["kind"], one["cid"]) for one in desk.sent] == [("cancel", "rest")]
    assert desk.state.risk.halted
    assert desk.state.risk.user == "dead man"
    desk.report({"kind": "canceled", "cid": "rest"})
    desk.mark("BTC", 100.0)
    assert desk.state.risk.holds == {}
    assert desk.state.risk.halted, "only a human arms it again"
    assert desk.command("arm") == ""
    assert desk.submit(qty=1, price=91).status == "submitted"


def test_flatten_leaves_the_position_as_well() -> None:
    desk = desk_with(feed=Rule(after_s=60, then=Then.FLATTEN))
    answered(desk, 61)
    sent = [(one["kind"], one.get("side"), one.get("qty")) for one in desk.sent]
    assert sent == [("cancel", None, None), ("submit", "sell", 1)]
    assert desk.state.risk.halted


def test_it_happens_once_while_the_cause_lasts_also_after_somebody_armed_it() -> None:
    desk = desk_with(feed=Rule(after_s=60, then=Then.CANCEL))
    answered(desk, 61)
    desk.report({"kind": "canceled", "cid": "rest"})
    desk.command("arm")
    answered(desk, 120)
    assert not desk.state.risk.halted
    assert denied_by(desk, qty=1, price=91)
    assert [one["kind"] for one in desk.alerts].count("dead_man") == 1


def test_after_the_kill_switch_it_sends_nothing() -> None:
    desk = desk_with(feed=Rule(after_s=60, then=Then.FLATTEN))
    desk.command("kill")
    desk.report({"kind": "canceled", "cid": "rest"})
    desk.sent.clear()
    answered(desk, 70)
    assert desk.sent == []
    assert desk.alerts[-1]["kind"] == "dead_man"


# --- clients and books --------------------------------------------------------------------------------------


def test_nobody_there_for_too_long_holds_all_back_until_somebody_comes() -> None:
    desk = desk_with(clients=Rule(after_s=600))
    desk._step(ClientsChanged(1))
    answered(desk, 700)
    desk._step(ClientsChanged(0))
    answered(desk, 599)
    assert desk.state.risk.holds == {}
    answered(desk, 2)
    assert "no client was connected for 600 s" in desk.state.risk.holds["*"]["dead man: clients"]
    desk._step(ClientsChanged(1))
    assert desk.state.risk.holds == {}


def test_nobody_has_ever_come_counts_from_the_start() -> None:
    desk = desk_with(clients=Rule(after_s=600))
    answered(desk, 601)
    assert desk.state.risk.holds


def test_books_that_cannot_be_compared_for_too_long_trip_until_a_whole_round_agrees() -> None:
    desk = desk_with(reconciliation=Rule(after_s=45))
    answered(desk, 40, ok=False)
    assert "*" not in desk.state.risk.holds
    answered(desk, 10, ok=False)
    assert "the books were not compared" in desk.state.risk.holds["*"]["dead man: reconciliation"]
    answered(desk, 31)
    assert desk.state.risk.holds == {}


def test_a_restart_gives_the_same_and_trips_no_second_time() -> None:
    desk = desk_with(feed=Rule(after_s=60, then=Then.CANCEL))
    answered(desk, 61)
    alerts = len(desk.alerts)
    journal = list(desk.events)
    desk.restart()
    assert [event.data for event in desk.events[: len(journal)]] == [event.data for event in journal]
    answered(desk, 5)
    assert [one["kind"] for one in desk.alerts[alerts:]] == ["unknown"]  # the cancel that was under way


# --- at a broker --------------------------------------------------------------------------------------------


def test_the_days_loss_halts_at_a_broker_too() -> None:
    desk = Desk(limits={"max_daily_loss": 50})
    desk.mark("BTC", 100.0)
    desk.submit(cid="A", qty=10)
    desk.report({"kind": "fill", "cid": "A", "exec_id": "e1", "qty": 10, "price": 100})
    desk.mark("BTC", 96.0)
    assert not desk.state.risk.halted
    desk.mark("BTC", 94.9)
    assert desk.state.risk.halted
    assert desk.submit(qty=1).status == "denied"
    assert desk.submit(side="sell", qty=10, reduce_only=True).status == "submitted"
