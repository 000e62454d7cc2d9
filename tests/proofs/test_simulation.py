"""The whole of a live session in virtual time, under seeded faults: what must hold holds, and the same seed is the same day.

Loop, engine, office, reconciliation, wire, gate and journal are the real ones; market, venue and line are `world`'s.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.builders import FULL
from tests.proofs.virtual import in_virtual_time
from tests.proofs.world import World
from tradekit.model.doubt import EXTERNAL
from tradekit.run.restore import restore
from tradekit.state.shape import fingerprint
from tradekit.trading.matching import LEG
from tradekit.trading.reconcile.cash import owned
from tradekit.trading.reconcile.positions import held

pytestmark = [pytest.mark.proof, pytest.mark.timeout(14_400)]

SHARDS = 10
EACH = 1_000 if FULL else 15


def lived(seed: int) -> World:
    async def live() -> World:
        return await World(seed, asyncio.get_running_loop()).run()

    return in_virtual_time(live())


def check(world: World) -> None:
    """What must hold at the end of every world."""
    life = world.life
    assert life is not None
    state = life.state
    sent = [name for line in world.lines for name, _ in line.sent]
    assert len(sent) == len(set(sent)), "an intent went to the venue twice"
    if world.killed_at is not None:
        late = [name for line in world.lines for name, at in line.sent if at > world.killed_at]
        assert late == [], "something was sent after the kill switch"
    books = state.health.reconciliation
    assert (books.status, books.open) == ("green", [])
    doubts = [
        order.id for order in state.orders.values() if order.doubt is not None or order.told is not None
    ]
    assert doubts == []
    check_orders(world)
    account = world.paper._account
    theirs = {one.instrument: one.qty for one in account.positions()}
    assert held(state, "BTC") == theirs.get("BTC", Decimal(0))
    cash = {one.currency: one.total for one in account.balances()}
    assert abs(owned(state)["USD"] - cash["USD"]) <= Decimal("0.01")
    assert restored(world) == fingerprint(state)


def check_orders(world: World) -> None:
    """Our orders are the venue's, and so is what has filled of them."""
    assert world.life is not None
    orders = world.life.state.orders
    at_venue = {world.life.names.order(name) for name in world.paper._exchange.book}
    working = {
        order.id
        for order in orders.values()
        if order.strategy != EXTERNAL and order.working and order.venue_id
    }
    assert {name.partition(LEG)[0] for name in at_venue if name is not None} == working
    if not any("bust" in line.counts for line in world.lines):
        traded = world.traded()
        assert {
            name: one.filled for name, one in orders.items() if one.filled and one.strategy != EXTERNAL
        } == traded


def restored(world: World) -> str:
    """What the journal alone gives, replayed through a fresh engine."""
    from tests.proofs.world import Trader
    from tradekit.trading.engine import Engine

    class Alone:
        engine = Engine(Trader(seed=world.seed))

        def replay(self, event: object) -> None: ...

    Alone.engine.dealing.flips = world.able.flips
    assert restore(Alone(), world.journal.events) is None
    return fingerprint(Alone.engine.state)


@pytest.fixture(autouse=True)
def _quiet() -> "object":
    """Ten thousand bad days are a long log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_after_every_bad_day_our_books_are_the_venues(shard: int, proof_record: Callable[..., None]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(shard * EACH, (shard + 1) * EACH):
        world = lived(seed)
        try:
            check(world)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        counts.update(lives=len(world.lines), events=len(world.events))
        counts.update(orders=sum(len(line.sent) for line in world.lines))
        for line in world.lines:
            counts.update({"faults": sum(line.counts.values())})
    assert min(counts.values()) > EACH
    proof_record(
        f"a live session in virtual time under seeded faults, part {shard + 1} of {SHARDS}",
        size=f"{EACH:,} seeds, {counts['lives']:,} lives, {counts['orders']:,} orders, {counts['faults']:,} faults",
        result=f"every invariant held over {counts['events']:,} events",
        note="one live order an intent; no fill lost or counted twice; orders, positions and cash equal; replay equal",
    )


@pytest.mark.parametrize("seed", [3, 7])
def test_the_same_seed_is_the_same_day(seed: int) -> None:
    assert lived(seed).hash() == lived(seed).hash()
