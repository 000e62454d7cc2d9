"""How a stock is called here and at Alpaca, and how numbers are written to it.

Knows no message of the venue.
"""

from collections.abc import Iterable
from decimal import Decimal

from tradekit.errors import ConfigError

__all__ = ["Names", "plain"]


def plain(number: Decimal) -> str:
    """A number as the venue takes it: digits and a point, no exponent and no zeros at its end."""
    return format(number.normalize(), "f")


class Names:
    """The session's stocks by both names: "AAPL" is AAPL, and "BRK_B" here is BRK.B there.

    What is not the session's keeps the venue's name. Raises ConfigError for a pair of currencies: what a coin's trade
    costs is taken from the coins at the end of the day and told with no trade, so the books would never agree.
    """

    def __init__(self, instruments: Iterable[str]) -> None:
        self.here: dict[str, str] = {}
        self._theirs: dict[str, str] = {}
        for name in instruments:
            if not name.replace("_", "").isalpha():
                raise ConfigError(
                    f"{name} is no US stock; the broker alpaca trades stocks (AAPL, and BRK_B for BRK.B), no coins and "
                    f"no options"
                )
            there = name.replace("_", ".").upper()
            if there in self.here:
                raise ConfigError(f"{name} and {self.here[there]} are one stock at the venue; keep one")
            self.here[there], self._theirs[name] = name, there

    def there(self, name: str) -> str:
        """What the venue calls a stock."""
        return self._theirs.get(name, name)

    def ours(self, there: str) -> str:
        """What the session calls a stock of the venue."""
        return self.here.get(there, there)
