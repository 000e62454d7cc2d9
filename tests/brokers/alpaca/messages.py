"""Messages in the venue's form, as its documents print them: orders, updates, trades.

Knows no test.
"""

from typing import Any

OLD, NEW = "61e69015-8549-4bfd-b9c3-01e75843f47d", "0b11f089-722d-4ced-9beb-e2eeed3637dc"


def an_order(**fields: Any) -> dict[str, Any]:
    """A resting buy of 5 AAPL at 150.25, unless fields say otherwise."""
    return {
        "id": OLD, "client_order_id": "tk-1", "created_at": "2021-03-16T18:38:01.942282Z",
        "updated_at": "2021-03-16T18:38:01.942282Z", "submitted_at": "2021-03-16T18:38:01.937734Z", "filled_at": None,
        "expired_at": None, "canceled_at": None, "failed_at": None, "replaced_at": None, "replaced_by": None,
        "replaces": None, "asset_id": "904837e3-3b76-47ec-b432-046db621571b", "symbol": "AAPL",
        "asset_class": "us_equity", "notional": None, "qty": "5", "filled_qty": "0", "filled_avg_price": None,
        "order_class": "simple", "order_type": "limit", "type": "limit", "side": "buy", "time_in_force": "day",
        "limit_price": "150.25", "stop_price": None, "status": "new", "extended_hours": False, "legs": None,
        "trail_percent": None, "trail_price": None, "hwm": None, "position_intent": "buy_to_open",
        "commission": "1.25",
    } | fields  # fmt: skip


def an_update(event: str, order: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A trade update."""
    told = {
        "event": event,
        "execution_id": None,
        "order": order or an_order(),
        "timestamp": "2021-03-16T18:38:02Z",
    }
    return told | fields


def a_fill(cum: str, qty: str, price: str = "150.25", **fields: Any) -> dict[str, Any]:
    """The update of a trade, after which so much has filled."""
    done = cum == "5"
    order = an_order(
        filled_qty=cum, status="filled" if done else "partially_filled", filled_avg_price=price, **fields
    )
    return an_update("fill" if done else "partial_fill", order, qty=qty, price=price, position_qty=cum,
                     execution_id="7922ab44-5b33-4049-ab9a-0cfd805ba989")  # fmt: skip


def an_activity(cum: str, qty: str, **fields: Any) -> dict[str, Any]:
    """A trade in the book of activities."""
    return {
        "id": "20210316183802123::8efc7b9a-8b2b-4000-9955-d36e7db0df74", "activity_type": "FILL",
        "transaction_time": "2021-03-16T18:38:02.123Z", "type": "partial_fill", "price": "150.25", "qty": qty,
        "side": "buy", "symbol": "AAPL", "leaves_qty": "0", "order_id": OLD, "cum_qty": cum,
    } | fields  # fmt: skip
