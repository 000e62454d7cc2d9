"""A venue that takes whatever it is sent, desks that have entered a position there, and what stands behind it.

Knows no market: what fills is for the test to say.
"""

from decimal import Decimal
from typing import Any

from tests.builders import MINUTE
from tradekit.model.money import ZERO
from tradekit.model.order import OrderType, Status
from tradekit.state.monitors import STOPS
from tradekit.testing.desk import Desk

PLAIN = frozenset({OrderType.MARKET, OrderType.LIMIT})  # what a plain venue takes
SECOND = 1_000_000_000


def obey(desk: Desk) -> None:
    """Answer all that was sent and has no answer yet, and what follows from that."""
    while desk.sent:
        one = desk.sent.pop(0)
        order = desk.state.orders.get(one.get("cid", ""))
        if order is None or not order.working:
            continue
        name = {"cid": order.id, "venue_order_id": f"v-{order.id}"}
        if one["kind"] == "submit":
            desk.report(name, kind="new")
        elif one["kind"] == "cancel":
            desk.report(name, kind="canceled")
        elif one["kind"] == "replace":
            terms = {"price": order.limit, "stop": order.stop} | {
                key: one[key] for key in ("price", "stop") if key in one
            }
            qty = one.get("qty", order.qty)
            desk.report(name, kind="replaced", qty=qty, **{k: v for k, v in terms.items() if v is not None})


def fill(desk: Desk, cid: str, qty: object, price: object) -> None:
    """So much of an order trades."""
    desk.report(kind="fill", cid=cid, exec_id=f"x{len(desk.events)}", qty=qty, price=price)


def protected(desk: Desk, entry: str) -> Decimal:
    """How much of an entry's position a stop stands behind: one at work, or the level that is watched here."""
    known = desk.state.monitors.get(entry)
    if known is not None and (known.watched is not None or known.leaving):
        return known.entered - known.left
    stops = [one for one in desk.state.orders.values() if one.parent == entry and one.type in STOPS]
    return sum((one.leaves for one in stops if one.working and one.status is not Status.SUBMITTED), ZERO)


def entered(qty: object = 2, practice: Any = None, **words: Any) -> Desk:
    """A desk that has bought at 100, with a stop at 95 and whatever else."""
    desk = Desk(practice=practice, limits={})
    desk.mark("BTC", 100.0)
    desk.submit(cid="E", qty=qty, **{"stop_loss": 95} | words)
    obey(desk)
    fill(desk, "E", qty, 100)
    obey(desk)
    return desk


def timed(**words: Any) -> Desk:
    """A desk whose time exit has just been sent, with nothing else at work."""
    desk = entered(exit_after="1m", **words)
    desk.now += MINUTE
    desk.mark("BTC", 101.0)
    while any(one["kind"] == "cancel" for one in desk.sent):
        one = next(one for one in desk.sent if one["kind"] == "cancel")
        desk.sent.remove(one)
        desk.report(kind="canceled", cid=one["cid"])
    return desk


def out(desk: Desk) -> list[dict[str, Any]]:
    """The orders that were sent to leave."""
    return [one for one in desk.sent if one["kind"] == "submit" and one["type"] == "market"]


def refuse(desk: Desk) -> None:
    desk.report(kind="rejected", cid=out(desk)[-1]["cid"], reason="no")


def out_id(desk: Desk) -> str:
    """The order that was sent to leave last."""
    return desk.state.monitors["E"].closing[-1]
