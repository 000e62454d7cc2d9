"""A venue that takes whatever it is sent, and what stands behind a position then.

Knows no market: what fills is for the test to say.
"""

from decimal import Decimal

from tradekit.model.money import ZERO
from tradekit.model.order import Status
from tradekit.state.monitors import STOPS
from tradekit.testing.desk import Desk


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
