"""How an instrument is called here and at a venue, and how numbers are written to it.

Knows no venue's messages.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from tradekit.errors import ConfigError

__all__ = ["Names", "plain"]

_MARKS = re.compile(r"[-/_ ]")


def plain(number: Decimal) -> str:
    """A number as a venue takes it: digits and a point, no exponent and no zeros at its end."""
    return format(number.normalize(), "f")


class Names:
    """The session's instruments by both names: "BTC-USDT" and "BTC/USDT" here are "BTCUSDT" there.

    What is not the session's keeps the venue's name.
    """

    def __init__(self, instruments: Iterable[str]) -> None:
        self.here: dict[str, str] = {}
        self._theirs: dict[str, str] = {}
        for name in instruments:
            there = _MARKS.sub("", name).upper()
            if there in self.here:
                raise ConfigError(f"{name} and {self.here[there]} are one instrument at the venue; keep one")
            self.here[there], self._theirs[name] = name, there

    def there(self, name: str) -> str:
        """What the venue calls an instrument."""
        return self._theirs.get(name, name)

    def ours(self, there: str) -> str:
        """What the session calls an instrument of the venue."""
        return self.here.get(there, there)
