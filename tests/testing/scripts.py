"""Short words for scripts on the desk: what tests of a session and its venue say over and over.

Knows no hazard.
"""

from typing import Any

from tradekit.testing.desk import Desk


def kinds(desk: Desk) -> list[str]:
    return [alert["kind"] for alert in desk.alerts]


def submits(desk: Desk, cid: str | None = None) -> list[dict[str, Any]]:
    return [one for one in desk.sent if one["kind"] == "submit" and cid in (None, one["cid"])]


def empty_look(desk: Desk) -> None:
    """A look-up that succeeds and shows nothing."""
    desk.report(kind="open_orders", items=[])
    desk.report(kind="executions", items=[])


def bought(desk: Desk, qty: object = 2, cid: str = "A") -> None:
    desk.submit(cid=cid, qty=qty, price=100)
    desk.report(kind="new", cid=cid, venue_order_id=f"v-{cid}")
    desk.report(kind="fill", cid=cid, exec_id=f"e-{cid}", qty=qty, price=100)


def answer_all(desk: Desk, **books: Any) -> None:
    for book in ("open_orders", "executions", "positions", "balances"):
        items = books.get(book, [])
        if items is None:
            desk.report(kind="error", about=book, message="down")
        else:
            desk.report(kind=book, items=items)
