"""The fill rules in words: what docs/fills.md says of the rule that a fill carries.

Knows no prices and no exchange; a test holds these words and the page together.
"""

__all__ = ["PRICES", "SENTENCES", "sentence"]

SENTENCES = {
    "liquidation.close": (
        "A margin call closes a position at the last price, with the costs of a market order."
    ),
    "market.open": "A market order fills at the next bar's open.",
    "market.quote": "On quotes buys meet the ask and sells the bid; an order waits for its own side.",
    "market.trade": "On trades an order meets the price that was traded.",
    "limit.quote": (
        "A limit that rests in a quoted market has its own price, one that comes to trade at once the"
        " quote's; on trades the same."
    ),
    "limit.gap": "A limit that the open betters fills at the open, better than its price.",
    "stop.gap": "A stop that the open has passed fills at the open, worse than its price.",
    "limit.touch": (
        "Inside the bar touching is enough: low <= limit for a buy, high >= limit for a sell; it "
        "fills at the limit."
    ),
    "stop.touch": (
        "A stop touched inside the bar fills at its price: high >= stop for a buy, low <= stop for a sell."
    ),
    "stop_limit.touch": (
        "A stop-limit tells its trigger (order.triggered) and trades at its stop where its limit lets it."
    ),
    "stop_limit.gap": (
        "Triggered by the open it trades there if its limit lets it; else it is a limit from then on,"
        " in the same bar too."
    ),
    "market_if_touched.touch": (
        "Market-if-touched and limit-if-touched wait for the better side; a limit beyond the trigger "
        "is passed after it, in the same bar."
    ),
    "limit_if_touched.touch": (
        "Market-if-touched and limit-if-touched wait for the better side; a limit beyond the trigger "
        "is passed after it, in the same bar."
    ),
    "trailing_stop.touch": (
        "A trailing stop starts from the price at hand, or the level it is given. In a bar the level "
        "of before it is tried first; then it follows the bar's extreme (order.trailed). It never "
        "moves away from the market."
    ),
    "trailing_stop.quote": "On quotes it follows its own side.",
    "stop.entry_bar": (
        "After an entry inside the bar (limit or stop) the stop may fire in the same bar; the target "
        "waits for the next one."
    ),
}

# For rules without a sentence of their own, by the word behind the dot: the price that they give.
PRICES = {
    "open": "the bar's open",
    "gap": "the bar's open, which had passed the order's price",
    "touch": "the order's own price, inside the bar",
    "entry_bar": "a stop, in the bar inside which its entry traded",
    "path": "where the price was when the order woke, inside a bar that is walked along a path",
    "quote": "the quote's ask or bid, or a limit's own price; the same of a trade",
    "trade": "the quote's ask or bid, or a limit's own price; the same of a trade",
    "close": 'the price at hand: the last close, the quote or trade (market="this_close")',
    "at_close": "the session's last price, for an at-close order",
}


def sentence(rule: str) -> str:
    """What the rule means; "" for a word of a venue's own."""
    known = SENTENCES.get(rule)
    if known is not None:
        return known
    price = PRICES.get(rule.partition(".")[2])
    return "" if price is None else f"The price is {price}."
