"""A session at a broker: durable before the wire, past the gate last of all, doubtful until the venue has spoken."""

import asyncio
from decimal import Decimal

import pytest

from tests.builders import START
from tests.run.desk import Quiet
from tests.run.line import Line, on_line
from tradekit.errors import RefusedError
from tradekit.model.market import TradeTick
from tradekit.model.said import OrderSaid
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Fault, Faults


def test_an_order_goes_out_under_its_client_id_and_its_trade_comes_back() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=2, limit=100)
        await asyncio.sleep(1)
        line.paper.market(TradeTick("BTC", 100.0, 5.0), line.clock.now())
        await asyncio.sleep(1)
        await line.close()
        return line

    line = on_line(play)
    (order,) = line.engine.state.orders.values()
    assert (order.status, order.filled) == ("filled", 2)
    assert [name for name, _ in line.line.sent] == [order.venue_id.removeprefix("sim-")]
    assert line.engine.state.health.reconciliation.status == "green"


def test_every_book_is_compared_before_anything_else_and_every_30_seconds() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        await asyncio.sleep(95)
        await line.close()
        return line

    line = on_line(play)
    types = [event.type for event in line.events()]
    assert types.index("reconciliation.completed") < types.index("feed.started")
    rounds = [(event.ts - START) / 1e9 for event in line.events("reconciliation.completed")]
    assert len(rounds) == 4
    assert rounds[0] < 1


def test_books_that_disagree_at_the_start_disarm_it() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        line.paper.account._held["BTC"] = Decimal(3)
        await asyncio.sleep(1)
        with pytest.raises(RefusedError, match="the account holds 3 BTC"):
            await line.ask("arm")
        await line.close()
        return line

    assert not on_line(play).engine.state.risk.armed


def test_a_venue_that_does_not_answer_at_the_start_leaves_it_disarmed() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        line.line.cut()
        await asyncio.sleep(30)
        with pytest.raises(RefusedError, match="could not be read"):
            await line.ask("arm")
        line.line.heal()
        await asyncio.sleep(1)
        await line.ask("arm")
        await line.close()
        return line

    assert on_line(play).engine.state.risk.armed


def test_a_lost_answer_is_looked_up_and_nothing_is_sent_again() -> None:
    async def play() -> Line:
        line = Line(Quiet(), script={"submit 1": "lost_reply"}, faults=Faults(timeout_s=5))
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=2, limit=100)
        await asyncio.sleep(20)
        await line.close()
        return line

    line = on_line(play)
    (order,) = line.engine.state.orders.values()
    assert line.line.counts == {Fault.LOST_REPLY: 1}
    assert (order.status, order.doubt) == ("accepted", None)
    assert len(line.line.sent) == 1


def test_a_lost_request_ends_after_three_looks_over_a_minute() -> None:
    async def play() -> Line:
        line = Line(Quiet(), script={"submit 1": "lost_request"}, faults=Faults(timeout_s=5))
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=2, limit=100)
        await asyncio.sleep(50)
        (order,) = line.engine.state.orders.values()
        assert order.status == "unknown"
        await asyncio.sleep(60)
        await line.close()
        return line

    (order,) = on_line(play).engine.state.orders.values()
    assert order.status == "rejected"


def test_after_the_kill_switch_nothing_goes_out_but_cancels() -> None:
    async def play() -> Line:
        line = Line(Quiet(), faults=Faults(delay_s=2))
        await asyncio.sleep(10)
        await line.ask("submit", side="buy", qty=1, limit=100)
        await asyncio.sleep(10)
        first = asyncio.create_task(line.ask("submit", side="buy", qty=1, limit=90))
        await asyncio.sleep(0)
        line.gate.kill("by hand")  # the gate is shut while the order is at the inbox
        await first
        await line.ask("kill")
        await asyncio.sleep(20)
        await line.close()
        return line

    line = on_line(play)
    assert len(line.line.sent) == 1
    assert line.paper.working == []
    assert {order.status for order in line.engine.state.orders.values()} == {"canceled", "rejected"}


def test_an_order_that_the_venue_does_not_take_is_refused_here() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        line.line.abilities = type(line.line.abilities)(keeps=line.line.abilities.keeps)
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=1, stop=120)
        await asyncio.sleep(1)
        await line.close()
        return line

    line = on_line(play)
    (order,) = line.engine.state.orders.values()
    assert (order.status, order.note) == ("rejected", "paper takes no stop orders; it takes limit, market")
    assert line.line.sent == []


def test_what_an_adapter_raises_is_a_doubt() -> None:
    async def play() -> Line:
        line = Line(Quiet())

        async def broken(order: object, **_: object) -> tuple[OrderSaid, ...]:
            raise KeyError("clientOrderId")

        line.line.submit = broken  # type: ignore[method-assign]
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=1, limit=100)
        await asyncio.sleep(1)
        await line.close()
        return line

    (order,) = on_line(play).engine.state.orders.values()
    assert order.status == "unknown"
    assert order.doubt is not None
    assert "KeyError" in order.doubt.reason


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("rearms", [False, True])
def test_each_start_after_the_first_is_armed_by_a_human_unless_it_was_told_otherwise(
    rearms: bool, clean: bool
) -> None:
    async def play() -> Line:
        first = Line(Quiet())
        await asyncio.sleep(1)
        await first.ask("submit", side="buy", qty=2, limit=100)
        await asyncio.sleep(1)
        await (first.close() if clean else first.die())
        again = Line(Quiet(), before=first, rearms=rearms)
        await asyncio.sleep(30)
        assert again.engine.state.risk.armed is rearms
        await again.ask("arm")
        await again.close()
        return again

    line = on_line(play)
    assert line.engine.state.risk.armed
    assert line.engine.state.health.reconciliation.status == "green"
    assert line.line.sent == []


def test_a_session_that_goes_on_by_itself_does_so_only_where_every_book_agrees() -> None:
    async def play() -> Line:
        first = Line(Quiet())
        await asyncio.sleep(1)
        await first.die()
        first.paper.account._held["BTC"] = Decimal(3)
        again = Line(Quiet(), before=first, rearms=True)
        await asyncio.sleep(60)
        await again.close()
        return again

    line = on_line(play)
    assert not line.engine.state.risk.armed
    assert "the account holds 3 BTC" in line.engine.state.risk.reason


def test_a_clock_of_the_venue_that_is_off_is_alerted_once() -> None:
    async def play() -> Line:
        line = Line(Quiet(), faults=Faults(skew_s=3))
        await asyncio.sleep(700)
        await line.close()
        return line

    texts = [e.data.text for e in on_line(play).events("alert.raised") if e.data.kind == "clock"]  # type: ignore[attr-defined]
    assert texts == ["the venue's clock is +3.0 s off ours"]


def test_a_comparison_that_is_asked_for_is_over_when_it_is_answered() -> None:
    async def play() -> Line:
        line = Line(Quiet(), faults=Faults(delay_s=3))
        await asyncio.sleep(12)
        before = len(line.events("reconciliation.completed"))
        await line.ask("reconcile")
        assert len(line.events("reconciliation.completed")) == before + 1
        await line.close()
        return line

    on_line(play)


class Early(Strategy):
    """Wishes for an order before the first bar."""

    def on_start(self) -> None:
        self.buy(2, limit=100)


def test_what_is_wished_for_at_the_start_goes_out_without_a_doubt() -> None:
    async def play() -> Line:
        line = Line(Early())
        await asyncio.sleep(5)
        await line.close()
        return line

    line = on_line(play)
    (order,) = line.engine.state.orders.values()
    assert (order.status, order.doubt) == ("accepted", None)
    assert [name for name, _ in line.line.sent] == [order.venue_id.removeprefix("sim-")]
    assert list(line.events("order.doubted")) == []


@pytest.mark.parametrize(
    ("skew_s", "held"), [(0.5, False), (2.4, False), (2.6, True), (-2.6, True), (-3600.0, True)]
)
def test_with_a_clock_that_is_off_by_half_of_what_the_venue_lets_pass_nothing_new_goes_out(
    skew_s: float, held: bool
) -> None:
    async def play() -> Line:
        line = Line(Quiet(), faults=Faults(skew_s=skew_s))
        await asyncio.sleep(5)
        if held:
            with pytest.raises(
                RefusedError, match=r"the venue's clock is .* off ours: set this machine's clock"
            ):
                await line.ask("submit", side="buy", qty=2, limit=100)
        else:
            await line.ask("submit", side="buy", qty=2, limit=100)
        await line.close()
        return line

    line = on_line(play)
    assert len(line.line.sent) == (not held)


def test_a_clock_that_drifts_is_found_and_one_that_is_right_again_lets_orders_out() -> None:
    async def play() -> Line:
        line = Line(Quiet())
        line.drift(ppm=500)  # a second in 2000, 2.5 s in 5000
        await asyncio.sleep(5600)
        with pytest.raises(RefusedError, match="the venue's clock is"):
            await line.ask("submit", side="buy", qty=2, limit=100)
        line.drift(ppm=0)
        await asyncio.sleep(60)
        await line.ask("submit", side="buy", qty=2, limit=100)
        await line.close()
        return line

    line = on_line(play)
    kinds = [e.data.text for e in line.events("alert.raised") if e.data.kind == "clock"]  # type: ignore[attr-defined]
    assert [text.startswith("the venue's clock is right") for text in kinds] == [False, True]
    assert len(line.line.sent) == 1
