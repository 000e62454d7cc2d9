"""The fill rules in words: for each rule that a fill may carry, the sentence that docs/fills.md has for it.

Knows no prices and no exchange; a test holds these sentences and the page together.
"""

__all__ = ["SENTENCES", "sentence"]

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
    "stop.entry_bar": (
        "After an entry inside the bar (limit or stop) the stop may fire in the same bar; "
        "the target waits for the next one."
    ),
}


def sentence(rule: str) -> str:
    """The rule's sentence, "" for a word of a venue's own."""
    return SENTENCES.get(rule, "")
