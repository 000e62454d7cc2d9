"""Orders and their ends in words: what a session did with one, and what its backtest did.

Knows no reason.
"""

from tradekit.model.money import EXACT, ZERO
from tradekit.model.order import OrderType
from tradekit.report.words import plain
from tradekit.run.parity.lives import Deal, Root

__all__ = ["price_of", "said_by", "wish", "word"]


def word(deal: Deal | None) -> str:
    """An order and what became of it."""
    if deal is None:
        return "no such order"
    return f"{wish(deal)}: {_became(deal)}"


def wish(deal: Deal) -> str:
    """What was wanted."""
    prices = [
        f"{name} {plain(value)}" for name, value in (("limit", deal.limit), ("stop", deal.stop)) if value
    ]
    own = deal.type in (OrderType.LIMIT, OrderType.STOP)
    terms = prices if own and prices else [deal.type.value.replace("_", " "), *prices]
    return f"{deal.side.value} {plain(deal.qty)} {', '.join(terms)}"


def said_by(root: Root) -> str:
    """Who told the session to, and what."""
    return f"{root[2] or 'somebody'} said {root[1]}"


def price_of(deal: Deal) -> str:
    """The average price of what has filled."""
    worth = ZERO
    for one in deal.fills:
        worth = EXACT.add(worth, EXACT.multiply(one.qty, one.price))
    return plain(EXACT.divide(worth, deal.filled)) if deal.fills else ""


def _became(deal: Deal) -> str:
    if deal.denied is not None:
        rule, bound, value = deal.denied
        return f"refused by {rule}: {value}" + (f" against {bound}" if bound else "")
    parts = []
    if deal.fills:
        whole = deal.filled == deal.qty
        parts.append(f"filled {'' if whole else plain(deal.filled) + ' '}at {price_of(deal)}")
    if deal.end:
        parts.append(deal.end + (f" ({deal.note})" if deal.note else ""))
    elif not deal.fills:
        parts.append("still working")
    return ", then ".join(parts)
