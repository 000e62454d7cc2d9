"""What a venue of Alpaca's shape answers to each request, and what its stream tells because of it.

Knows no connection: methods, paths and parameters come in, JSON goes out.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Happened, Refusal

if TYPE_CHECKING:
    from tradekit.testing.alpaca.venue import Venue

__all__ = ["Requests"]

Sent: TypeAlias = Mapping[str, Any]
Answered: TypeAlias = tuple[
    int, Any, list[Happened]
]  # status, answer (None for an empty one), the stream's events
_SECOND = 1_000_000_000
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


class Requests:
    """Answers out of the venue's account."""

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue
        self._account = venue.account
        one = r"/v2/orders/(?P<id>[^/]+)"
        routes: list[tuple[str, str, Callable[..., Answered]]] = [
            ("POST", r"/v2/orders", self._submit),
            ("PATCH", one, self._replace),
            ("DELETE", one, self._cancel),
            ("GET", one, lambda _, id: _got(shapes.order(self._account.find(id)))),
            ("GET", r"/v2/orders", self._orders),
            ("GET", r"/v2/orders:by_client_order_id", self._by_client_id),
            ("GET", r"/v2/account/activities/FILL", self._fills),
            ("GET", r"/v2/account", lambda _: _got(shapes.account(self._account, **venue.flags))),
            ("GET", r"/v2/positions", self._positions),
            ("GET", r"/v2/assets/(?P<symbol>[^/]+)", self._asset),
            ("GET", r"/v2/clock", lambda _: _got(shapes.clock(venue.now(), market_open=venue.market_open))),
            ("GET", r"/v2/stocks/bars", self._bars),
        ]
        self._routes = [(method, re.compile(path), handler) for method, path, handler in routes]

    def answer(self, method: str, path: str, sent: Sent) -> Answered:
        """The answer to a request, and what the account's stream tells because of it."""
        for verb, route, handler in self._routes:
            found = route.fullmatch(path)
            if found and verb == method:
                return handler(sent, **found.groupdict())
        raise Refusal(404, 40410000, f"endpoint not found: {method} {path}")

    # --- orders ---------------------------------------------------------------------------------------------

    def _submit(self, sent: Sent) -> Answered:
        _, told = self._account.submit(sent, self._venue.now(), market_open=self._venue.market_open)
        return 200, shapes.order(told[0].order), told

    def _replace(self, sent: Sent, id: str) -> Answered:
        new, told = self._account.replace(self._account.find(id), sent, self._venue.now())
        return 200, shapes.order(new) | {"status": "pending_new"}, told

    def _cancel(self, sent: Sent, id: str) -> Answered:
        return 204, None, self._account.cancel(self._account.find(id), self._venue.now())

    def _by_client_id(self, sent: Sent) -> Answered:
        return _got(shapes.order(self._account.by_client_id(sent.get("client_order_id", ""))))

    def _orders(self, sent: Sent) -> Answered:
        after = _ns(sent["after"]) if "after" in sent else 0
        wanted = {"open": (True,), "closed": (False,), "all": (True, False)}[sent.get("status", "open")]
        found = [one for one in self._account.orders.values() if one.made > after and one.open in wanted]
        if sent.get("direction") != "asc":
            found.reverse()
        return _got([shapes.order(one) for one in found[: int(sent.get("limit", 50))]])

    # --- books ----------------------------------------------------------------------------------------------

    def _fills(self, sent: Sent) -> Answered:
        found = list(self._account.trades)
        if sent.get("direction") != "asc":
            found.reverse()
        shown = [shapes.activity(one) for one in found if "after" not in sent or one.ts > _ns(sent["after"])]
        names = [one["id"] for one in shown]
        first = names.index(sent["page_token"]) + 1 if "page_token" in sent else 0
        return _got(shown[first : first + min(int(sent.get("page_size", 100)), 100)])

    def _positions(self, sent: Sent) -> Answered:
        held = self._account.positions.items()
        return _got([shapes.position(name, qty, entry, self._account.stocks[name].price)
                     for name, (qty, entry) in held if qty])  # fmt: skip

    def _asset(self, sent: Sent, symbol: str) -> Answered:
        if symbol not in self._account.stocks:
            raise Refusal(404, 40410000, f"asset not found for {symbol}")
        return _got(shapes.asset(self._account.stocks[symbol]))

    def _bars(self, sent: Sent) -> Answered:
        """Pages count over all symbols, one symbol after the other."""
        if sent.get("feed", "sip") not in self._venue.tapes:
            raise Refusal(403, 42210000, "subscription does not permit querying recent SIP data")
        start, end = _ns(sent["start"]), _ns(sent["end"]) if "end" in sent else 1 << 63
        rows = [
            (symbol, row)
            for symbol in sorted(sent["symbols"].split(","))
            for row in self._venue.bars.get((symbol, sent["timeframe"]), [])
            if start <= _ns(row["t"]) <= end
        ]
        first, most = int(sent.get("page_token") or 0), int(sent.get("limit", 1000))
        page: dict[str, list[Any]] = {}
        for symbol, row in rows[first : first + most]:
            page.setdefault(symbol, []).append(row)
        more = str(first + most) if len(rows) > first + most else None
        return _got({"bars": page, "next_page_token": more})


def _got(answer: Any) -> Answered:
    return 200, answer, []


def _ns(moment: str) -> int:
    """A moment as clients write it: to the nanosecond, in any zone."""
    found = _MOMENT.fullmatch(moment)
    if found is None:
        raise Refusal(422, 40010001, f"{moment!r} is no moment")
    whole, part, zone = found.groups()
    seconds = int(datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone)).timestamp())
    return seconds * _SECOND + int((part or "").ljust(9, "0"))
