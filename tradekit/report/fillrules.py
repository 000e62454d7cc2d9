"""The fill rules in words: what docs/fills.md says of the rule that a fill carries.

Knows no prices and no exchange; a test holds these words and the page together.
"""

__all__ = ["PRICES", "SENTENCES", "sentence"]

SENTENCES = {
    "market.open": "A market order fills at the next bar's open.",
    "limit.gap": "A limit that the open betters fills at the open, better than its price.",
    "stop.gap": "A stop that the open has passed fills at the open, worse than its price.",
    "limit.touch": (
        "Inside the bar touching is enough: low <= limit for a buy, high >= limit for a sell; "
        "it fills at the limit."
    ),
    "stop.touch": (
        "A stop touched inside the bar fills at its price: high >= stop for a buy, low <= stop for a sell."
    ),
    "limit.quote": (
        "A limit that rests in a quoted market has its own price, one that comes to trade at once the quote's."
    ),
    "stop_limit.gap": (
        "A stop-limit that the open triggers trades there if its limit lets it; "
        "else it is a limit from then on."
    ),
    "stop_limit.touch": (
        "Inside a bar it trades at its stop, or waits for a later bar: "
        "nobody knows whether the limit was passed before or after."
    ),
    "limit_if_touched.touch": (
        "A limit-if-touched passes its trigger before a limit beyond it, in the same bar."
    ),
    "stop.entry_bar": (
        "After an entry inside the bar (limit or stop) the stop may fire in the same bar; "
        "the target waits for the next one."
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
