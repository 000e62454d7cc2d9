"""Which contract at Interactive Brokers each instrument is: asked once, and taken only if there is exactly one.

Knows no order.
"""

from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.errors import Refused, Unanswered
from tradekit.brokers.ib.line import Line
from tradekit.errors import ConfigError

__all__ = ["fill_in", "found"]

_NONE = 200


async def fill_in(line: Line, contracts: Contracts) -> None:
    """Look up the contracts that are not known yet; raises ConfigError for one that is none, or not one alone."""
    for name in contracts.terms:
        if name not in contracts.details:
            await found(line, contracts, name)


async def found(line: Line, contracts: Contracts, name: str) -> None:
    """Look up one instrument."""
    number, wanted = line.new_id(), contracts.wanted(name)
    said = " ".join(
        word for word in (wanted.secType, wanted.symbol or wanted.localSymbol, wanted.exchange) if word
    )
    try:
        rows = await line.ask(number, lambda: line.client.reqContractDetails(number, wanted))
    except Refused as no:
        if no.code != _NONE:
            raise Unanswered(str(no)) from no
        rows = []
    if len(rows) != 1:
        homes = ", ".join(sorted({row.contract.primaryExchange or row.contract.exchange for row in rows}))
        many = f"is {len(rows)} contracts at Interactive Brokers ({homes}): name its home exchange as the last word"
        raise ConfigError(
            f"{name}: {said} {many if rows else 'is not known at Interactive Brokers; mend its contract'}"
        )
    contracts.found(name, rows[0])
