"""What Alpaca keeps of the market: minutes of any span, by the venue's clock, and the stocks that are traded.

Knows no account and no stream.
"""

from collections.abc import Iterable
from itertools import pairwise

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.books import stamp
from tradekit.brokers.alpaca.client import Access, Client
from tradekit.brokers.alpaca.errors import Verdict, judge
from tradekit.brokers.alpaca.names import Names
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import ConnectionLostError, DataError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar

__all__ = ["MINUTE", "TIMEFRAME", "History"]

TIMEFRAME = "1m"  # the one that is streamed: longer bars are made of it
MINUTE = 60_000_000_000  # [ns]
_SETTLED_NS = (
    5_000_000_000  # a minute that has closed so lately may still be on its way into the venue's books
)
_PAGE = 10_000  # bars in one answer, of all symbols together


class History:
    """Questions about the past; closed after use."""

    def __init__(self, access: Access, names: Names, clock: Clock) -> None:
        self._names, self._tape = names, access.tape
        self._trading = Client(access, access.trading, clock)
        self._data = Client(access, access.data, clock)

    def close(self) -> None:
        """Let the connections go."""
        self._trading.close()
        self._data.close()

    async def clock(self) -> tuple[int, bool]:
        """The venue's time [UTC ns], and whether the market is open; raises ConnectionLostError without an answer."""
        try:
            return words.clock(await self._trading.get("/clock"))
        except Exception as error:
            raise _lost("the venue does not tell its time", error) from error

    async def bars(
        self, instruments: Iterable[str], since: int, until: int | None = None
    ) -> dict[str, list[Bar]]:
        """Minutes whose open lies in [since, until) [UTC ns], oldest first; one without a trade has no bar.

        `until` None is all that have closed, by the venue's clock, so that a minute that still forms is never taken for
        a closed one; who gives it keeps it behind what has closed. Raises DataError for an answer that makes no sense,
        ConnectionLostError where there is none.
        """
        found: dict[str, list[Bar]] = {name: [] for name in instruments}
        end = until
        if end is None:
            now, _ = await self.clock()
            end = (now - _SETTLED_NS) // MINUTE * MINUTE
        if since >= end or not found:
            return found
        query = {
            "symbols": ",".join(self._names.there(name) for name in found), "timeframe": "1Min", "start": stamp(since),
            "end": stamp(end - 1_000_000), "limit": str(_PAGE), "adjustment": "raw", "feed": self._tape, "sort": "asc",
        }  # fmt: skip
        try:
            while True:
                answer = words.mapping(await self._data.get("/stocks/bars", query))
                for symbol, rows in words.mapping(answer.get("bars") or {}).items():
                    name = self._names.ours(symbol)
                    found.setdefault(name, []).extend(
                        words.bar(row, name, TIMEFRAME) for row in words.rows(rows)
                    )
                if not answer.get("next_page_token"):
                    break
                query["page_token"] = words.text(answer, "next_page_token")
        except Exception as error:
            raise _lost(f"no bars of {', '.join(found)}", error) from error
        for name, bars in found.items():
            if any(later.ts <= earlier.ts for earlier, later in pairwise(bars)):
                raise DataError(f"the venue's bars of {name} are not in order")
        return found

    async def asset(self, instrument: str) -> words.Message | None:
        """What the venue says of a stock; None where it states that it has none of that name."""
        try:
            return words.mapping(await self._trading.get(f"/assets/{self._names.there(instrument)}"))
        except Exception as error:
            if judge(error).verdict is Verdict.MISSING:
                return None
            raise _lost(f"no word of {instrument}", error) from error

    async def account(self) -> words.Message:
        """The account; raises what the key's refusal or a lost line raises."""
        return words.mapping(await self._trading.get("/account"))

    async def instruments(self) -> dict[str, Instrument]:
        """Those of the session's stocks that are traded, by its name."""
        found = {}
        for name in self._names.here.values():
            told = await self.asset(name)
            if told is not None and told.get("tradable") is True:
                found[name] = words.instrument(told, self._names)
        return found


def _lost(what: str, error: Exception) -> ConnectionLostError:
    return ConnectionLostError(f"{what}: {secrets.clean(judge(error).reason)}")
