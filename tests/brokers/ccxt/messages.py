"""Messages in the venue's form, made up: an order's reports on both streams.

Knows no test.
"""

from typing import Any


def spot_report(**fields: Any) -> dict[str, Any]:
    """An executionReport of a resting buy of 2 ETHUSDT at 1500, unless fields say otherwise."""
    return {
        "e": "executionReport", "E": 1700000000500, "s": "ETHUSDT", "c": "tk-1", "S": "BUY", "o": "LIMIT", "f": "GTC",
        "q": "2.00000000", "p": "1500.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW",
        "X": "NEW", "r": "NONE", "i": 777, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None,
        "T": 1700000000499, "t": -1, "w": True, "m": False, "O": 1700000000499, "Z": "0.00000000", "V": "NONE",
    } | fields  # fmt: skip


def linear_report(**fields: Any) -> dict[str, Any]:
    """An ORDER_TRADE_UPDATE of a resting buy of 0.004 BTCUSDT at 30000, unless fields say otherwise."""
    told = {
        "s": "BTCUSDT", "c": "tk-2", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.004", "p": "30000", "ap": "0",
        "sp": "0", "x": "NEW", "X": "NEW", "i": 888, "l": "0", "z": "0", "L": "0", "n": "0", "N": "USDT",
        "T": 1700000000499, "t": 0, "b": "0", "a": "0", "m": False, "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT",
        "ps": "BOTH", "cp": False, "pP": False, "si": 0, "ss": 0, "rp": "0", "V": "NONE",
    } | fields  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": told["T"], "E": told["T"], "o": told}
