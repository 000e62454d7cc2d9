"""A venue gone mad: any report about any order in any order, restarts among them; what must hold holds all the same."""

import random
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import FULL
from tradekit.core.codec import decode_event, encode_event
from tradekit.errors import OrderError
from tradekit.state.shape import fingerprint
from tradekit.testing.desk import Desk
from tradekit.testing.said import KINDS

SEEDS = 2000 if FULL else 60
STEPS = 40
HAPPENS = {"submit": 6, "cancel": 2, "replace": 2, "wait": 4, "restart": 1, "resolve": 1, "report": 24}
CALLS = ["submit", "cancel", "replace", "open_orders", "positions"]
BOOKED = {"order.filled": 1, "fill.busted": -1}


class Storm:
    """One desk under a seeded storm."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        practice = {name: self.chance.random() < 0.5 for name in ("flips", "reduces", "replaces")}
        self.desk = Desk(["BTC", "ETH"], 10_000, limits={}, practice=practice)

    def blow(self) -> None:
        """Something happens: by hand, by the clock, by the venue."""
        desk, chance = self.desk, self.chance
        known = [*desk.state.orders] or ["none"]
        match chance.choices(list(HAPPENS), HAPPENS.values())[0]:
            case "submit":
                self._submit()
            case "cancel":
                desk.cancel(chance.choice(known))
            case "replace":
                desk.replace(chance.choice(known), qty=chance.randint(1, 6))
            case "wait":
                desk.advance(chance.choice([1, 6, 11, 30]))
            case "restart":
                self._restart()
            case "resolve":
                for one in desk.differences[:1]:
                    chance.choice([desk.accept, desk.refuse])(one.id)
            case _:
                desk.report(self._report(chance.choice(list(KINDS)), known))

    def _submit(self) -> None:
        chance = self.chance
        side, price = chance.choice(["buy", "sell"]), chance.choice([None, 95, 100, 105])
        try:
            self.desk.submit(
                qty=chance.randint(1, 4), side=side, price=price, reduce_only=chance.random() < 0.2
            )
        except OrderError:
            return  # it made no sense

    def _restart(self) -> None:
        before, count = fingerprint(self.desk.state), len(self.desk.events)
        self.desk.restart()
        if len(self.desk.events) == count:
            assert fingerprint(self.desk.state) == before

    def _report(self, kind: str, known: list[str]) -> dict[str, Any]:
        chance = self.chance

        def order(**more: Any) -> dict[str, Any]:
            told: dict[str, Any] = {
                "venue_order_id": chance.choice(["v1", "v2", "v3", ""]), "side": chance.choice(["buy", "sell"]),
                "instrument": chance.choice(["BTC", "BTC", "ETH", "XRP"]), "qty": chance.randint(1, 4), "price": 100,
            }  # fmt: skip
            named = {"cid": chance.choice(known)} if chance.random() < 0.8 else {}
            return told | named | more

        cum, exec_id = chance.choice([None, 1, 2, 3]), str(chance.randint(1, 6))
        match kind:
            case "positions":
                held = {"instrument": "BTC", "qty": chance.randint(-3, 3), "price": 100}
                return {"kind": kind, "items": [held][: chance.randint(0, 1)]}
            case "balances":
                return {"kind": kind, "items": [{"currency": "USD", "total": chance.choice([9000, 10_000])}]}
            case "open_orders":
                return {"kind": kind, "items": [order(cum_qty=cum) for _ in range(chance.randint(0, 2))]}
            case "executions":
                return {"kind": kind, "items": [order(exec_id=str(n)) for n in range(chance.randint(0, 3))]}
            case "disconnect" | "reconnect":
                return {"kind": kind}
            case "error" | "timeout":
                return {
                    "kind": kind,
                    "about": chance.choice(CALLS),
                }
            case "bust":
                return {"kind": kind, "exec_id": exec_id}
            case "not_found":
                return {"kind": kind, "cid": chance.choice(known)}
            case "fill":
                return {"kind": kind, **order(cum_qty=cum, exec_id=chance.choice(["", exec_id]))}
        return {"kind": kind, **order(cum_qty=cum)}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_a_storm_of_reports_nothing_is_sent_twice_or_booked_twice(seed: int) -> None:
    storm = Storm(seed)
    for _ in range(STEPS):
        storm.blow()
    desk = storm.desk
    sent = [one["cid"] for one in desk.sent if one["kind"] == "submit"]
    assert len(sent) == len(set(sent))
    booked = sum(
        (
            event.data.qty * event.data.side.sign * BOOKED[event.type]  # type: ignore[attr-defined]
            for event in desk.events
            if event.type in BOOKED and event.data.instrument == "BTC"  # type: ignore[attr-defined]
        ),
        start=Decimal(0),
    )
    if "split.effected" not in {event.type for event in desk.events}:
        assert desk.position("BTC") == booked
    changed = {event.data.id for event in desk.events if event.type.startswith("order.replace")}  # type: ignore[attr-defined]
    for order in desk.state.orders.values():
        assert order.filled >= 0
        if order.strategy == "desk" and order.id not in changed:
            assert order.filled <= order.qty
    for event in desk.events:
        assert decode_event(encode_event(event)) == event
