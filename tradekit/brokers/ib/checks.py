"""What `tradekit doctor` looks at: whether TWS is there, the account, the right to trade, contracts, market data.

Sends questions only, under a client id of its own. Knows no session.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal
from typing import Any

from tradekit.brokers.ib.bars import DAY_S
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import Contracts, Terms
from tradekit.brokers.ib.errors import Refused, Unanswered
from tradekit.brokers.ib.history import History
from tradekit.brokers.ib.line import Line, Taken
from tradekit.brokers.ib.lookup import found
from tradekit.brokers.ib.stream import READ_ONLY, chosen, measured, why
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import BrokerError, ConfigError, ConnectionLostError
from tradekit.health.finding import Finding, note, well, wrong
from tradekit.model.instrument import Instrument, Kind

__all__ = ["account", "instruments", "look"]

_SKEW_S, _TOO_SKEWED_S = 1.5, 10.0
_DAYS = 5  # back to find a bar: longer than a long weekend
_ONE = Decimal(1)
_LOST = (Unanswered, Refused, Taken, OSError, TimeoutError)


async def account(access: Access, *, clock: Clock | None = None) -> str:
    """What IB calls the account; raises BrokerError where that is not clear, ConnectionLostError without an answer."""
    line = _line(access, clock or SystemClock())
    try:
        await line.open()
        return chosen(line.accounts, access.account)
    except _LOST as error:
        raise ConnectionLostError(f"TWS has not told the account: {why(error, access)}") from error
    finally:
        await line.close()


async def instruments(
    access: Access, terms: Mapping[str, Terms], *, clock: Clock | None = None
) -> dict[str, Instrument]:
    """What is traded, by the session's names, with the steps that IB keeps; what it does not know is left out.

    Raises ConnectionLostError where there is no answer.
    """
    line, contracts, made = _line(access, clock or SystemClock()), Contracts(terms), {}
    try:
        await line.open()
        for name in terms:
            try:
                await found(line, contracts, name)
            except ConfigError:
                continue
            made[name] = _instrument(name, contracts)
    except _LOST as error:
        raise ConnectionLostError(f"the contracts could not be read: {why(error, access)}") from error
    finally:
        await line.close()
    return made


def _instrument(name: str, contracts: Contracts) -> Instrument:
    details, terms = contracts.details[name], contracts.terms[name]
    return Instrument(
        id=name, quote=details.contract.currency, tick=details.minTick, lot=max(_ONE, details.sizeIncrement),
        multiplier=Decimal(details.contract.multiplier or 1), base=terms.symbol if terms.kind == "CASH" else "",
        kind=Kind.FUTURE if terms.kind == "FUT" else Kind.SPOT,
    )  # fmt: skip


async def look(
    access: Access, terms: Mapping[str, Terms], wanted: Iterable[Instrument], *, clock: Clock | None = None
) -> list[Finding]:
    """Findings, the gravest subjects first; `wanted` are the instruments as the session has them."""
    clock = clock or SystemClock()
    line, contracts = _line(access, clock), Contracts(terms)
    try:
        try:
            await line.open()
            skew_s = await measured(line, clock)
        except _LOST as error:
            return [wrong("venue", why(error, access))]
        result = [_there(line, access, skew_s)]
        result += [one async for one in _account(line, access)]
        for one in wanted:
            result += [finding async for finding in _contract(line, contracts, one, clock)]
        return result
    finally:
        await line.close()


def _line(access: Access, clock: Clock) -> Line:
    def unasked(*_: Any) -> None:
        """What comes unasked does not matter here."""

    return Line(access, clock, unasked)


def _there(line: Line, access: Access, skew_s: float) -> Finding:
    said = f"TWS answers at {access.host}:{access.port}; the clocks differ by less than {abs(skew_s) + 0.5:.0f} s"
    if line.away:
        return wrong(
            "venue", f"TWS has lost Interactive Brokers: {line.away}", "look at TWS; it is to be logged in"
        )
    if abs(skew_s) > _TOO_SKEWED_S:
        return wrong("venue", said, "set the clocks of both machines: timedatectl set-ntp true")
    if abs(skew_s) > _SKEW_S:
        return note("venue", said, "set the clocks of both machines: timedatectl set-ntp true")
    return well("venue", said)


async def _account(line: Line, access: Access) -> AsyncIterator[Finding]:
    """Which account it is, and whether a program may trade on it."""
    try:
        name = chosen(line.accounts, access.account)
    except BrokerError as error:
        yield wrong("account", str(error))
        return
    paper = name.startswith("D")
    yield well("account", f"{name}, {'a paper account' if paper else 'with real money'}")
    try:
        await line.ask("openOrders", line.client.reqAllOpenOrders)
    except Refused as no:
        remedy = "untick Read-Only API in TWS (API, Settings)" if no.code == READ_ONLY else "look at TWS"
        yield wrong("rights", f"orders may not be looked at: {no}", remedy)
    except Unanswered as error:
        yield wrong("rights", f"orders are not told: {error}", "try again")
    else:
        yield well("rights", "programs may see and send orders")


async def _contract(
    line: Line, contracts: Contracts, one: Instrument, clock: Clock
) -> AsyncIterator[Finding]:
    """Whether an instrument is one contract, in steps that ours are multiples of, and whether its bars are told."""
    try:
        await found(line, contracts, one.id)
    except ConfigError as error:
        yield wrong("instruments", str(error))
        return
    except Unanswered as error:
        yield wrong("instruments", f"{one.id}: {error}", "try again")
        return
    there, contract = _instrument(one.id, contracts), contracts.details[one.id].contract
    finer = [
        f"{name} {ours} where Interactive Brokers has {theirs}"
        for name, ours, theirs in (("tick", one.tick, there.tick), ("lot", one.lot, there.lot))
        if ours is not None and theirs is not None and ours % theirs
    ]
    if one.multiplier not in (_ONE, there.multiplier):
        finer.append(f"multiplier {one.multiplier} where it is {there.multiplier}")
    if finer:
        yield wrong(
            "instruments", f"{one.id}: {', '.join(finer)}", "orders would be refused or mean more: use IB's"
        )
    else:
        named = f"{contract.localSymbol}, contract {contract.conId}"
        yield well(
            "instruments", f"{one.id} is {named}: tick {there.tick}, lot {there.lot}, in {there.quote}"
        )
    yield await _data(History(line, contracts, clock), one.id, clock)


async def _data(history: History, name: str, clock: Clock) -> Finding:
    try:
        bars = await history.bars(name, "1h", clock.now() - _DAYS * DAY_S * 1_000_000_000)
    except ConnectionLostError as error:
        return wrong("market data", str(error), "subscribe to its exchange's data (Client Portal, Settings)")
    if not bars:
        return note("market data", f"{name} has no bars of the last {_DAYS} days", "is it traded these days?")
    return well("market data", f"{name}: {len(bars)} bars of 1h in {_DAYS} days")
