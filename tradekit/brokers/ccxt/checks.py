"""What `tradekit doctor` looks at on a venue: whether it is there, the clocks, the instruments, and the key's rights.

Sends questions only. Knows no session.
"""

from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from typing import Any

from tradekit.brokers.ccxt.client import Access, calling, make_client
from tradekit.brokers.ccxt.dialect import Dialect, dialect_of
from tradekit.brokers.ccxt.errors import judge
from tradekit.brokers.ccxt.history import History
from tradekit.brokers.ccxt.names import Names
from tradekit.brokers.ccxt.stream import Stream, no_key
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import ConnectionLostError
from tradekit.health.finding import Finding, note, well, wrong
from tradekit.model.instrument import Instrument

__all__ = ["account", "instruments", "look"]

_SKEW_S, _TOO_SKEWED_S = 1.0, 2.5  # the latter is half of what the venue lets pass


async def look(
    access: Access, market: str, instruments: Iterable[Instrument], *, clock: Clock | None = None
) -> list[Finding]:
    """Findings on a venue, the gravest subjects first; instruments are as the session has them.

    Raises ConfigError for a venue that is not proven, and without the library.
    """
    clock = clock or SystemClock()
    dialect = dialect_of(access.venue, market)
    wanted = list(instruments)
    names = Names(one.id for one in wanted)
    client = make_client(access, dialect.options, quota=dialect.quota(), unit=dialect.unit, clock=clock)
    try:
        there = await _reached(client, dialect, names, clock)
        if there.grade == "wrong":
            return [there]
        found = [there, *[one async for one in _steps(client, dialect, names, clock, wanted)]]
        return found if access.key is None else [*found, *[one async for one in _account(client, dialect)]]
    finally:
        await client.close()


async def account(access: Access, market: str, *, clock: Clock | None = None) -> str:
    """What the venue calls the account; raises BrokerError for a key that is refused.

    Raises ConnectionLostError where it gives no answer.
    """
    clock = clock or SystemClock()
    dialect = dialect_of(access.venue, market)
    client = make_client(access, dialect.options, quota=dialect.quota(), unit=dialect.unit, clock=clock)
    try:
        with calling(urgent=True) as call:
            try:
                await Stream(dialect, Names(()), clock).measure(
                    client
                )  # a request of the account bears the venue's time
                return await dialect.account(client)
            except Exception as error:
                judged = judge(error, call)
                if judged.verdict.hopeless:
                    raise no_key(dialect.venue, judged.reason) from error
                raise ConnectionLostError(
                    f"{dialect.venue} has not told the account: {judged.reason}"
                ) from error
    finally:
        await client.close()


async def instruments(
    access: Access, market: str, wanted: Iterable[str], *, clock: Clock | None = None
) -> dict[str, Instrument]:
    """Those of the wanted instruments that are traded, by the session's names, with the venue's steps.

    Raises ConnectionLostError where the venue gives no answer.
    """
    clock = clock or SystemClock()
    dialect = dialect_of(access.venue, market)
    names = Names(wanted)
    client = make_client(access, dialect.options, quota=dialect.quota(), unit=dialect.unit, clock=clock)
    try:
        traded = await History(client, dialect, names, clock).instruments()
    finally:
        await client.close()
    return {name: one for name, one in traded.items() if name in names.here.values()}


async def _reached(client: Any, dialect: Dialect, names: Names, clock: Clock) -> Finding:
    stream = Stream(dialect, names, clock)
    with calling(urgent=True) as call:
        try:
            await stream.measure(client)
        except Exception as error:
            reason = judge(error, call).reason
            return wrong("venue", f"{dialect.venue} gives no answer: {reason}", "is this machine online?")
    skew_s = stream.skew_s or 0.0
    said = f"{dialect.venue} answers; the clocks differ by {abs(skew_s) * 1000:,.0f} ms"
    if abs(skew_s) > _TOO_SKEWED_S:
        return wrong("venue", said, "set this machine's clock: timedatectl set-ntp true")
    if abs(skew_s) > _SKEW_S:
        return note("venue", said, "set this machine's clock: timedatectl set-ntp true")
    return well("venue", said)


async def _steps(
    client: Any, dialect: Dialect, names: Names, clock: Clock, wanted: list[Instrument]
) -> AsyncIterator[Finding]:
    """Whether each instrument is traded there, in steps that ours are multiples of."""
    try:
        traded = await History(client, dialect, names, clock).instruments()
    except ConnectionLostError as error:
        yield wrong("instruments", str(error), "try again")
        return
    for one in wanted:
        there = traded.get(one.id)
        if there is None:
            yield wrong(
                "instruments", f"{one.id} is not traded at {dialect.venue} {dialect.market}", "mend its id"
            )
            continue
        finer = [
            f"{name} {ours} where the venue has {theirs}"
            for name, ours, theirs in (("tick", one.tick, there.tick), ("lot", one.lot, there.lot))
            if ours is not None and theirs is not None and ours % theirs
        ]
        if finer:
            yield wrong(
                "instruments", f"{one.id}: {', '.join(finer)}", "orders would be refused: use the venue's"
            )
        else:
            steps = f"tick {_plain(there.tick)}, lot {_plain(there.lot)}, least value {_plain(there.min_notional)}"
            yield well("instruments", f"{one.id}: {steps}")


async def _account(client: Any, dialect: Dialect) -> AsyncIterator[Finding]:
    """Whether the key is accepted, what it may do, and whether the account is set up for it."""
    with calling(urgent=True) as call:
        try:
            refusal = await dialect.refusal(client)
            rights = await dialect.rights(client)
        except Exception as error:
            judged = judge(error, call)
            remedy = (
                "check key and secret, and the addresses it is bound to"
                if judged.verdict.hopeless
                else "try again"
            )
            yield wrong("key", f"the venue does not tell its rights: {judged.reason}", remedy)
            return
    if refusal:
        yield wrong("account", refusal)
    if not rights["read"] or not rights["trade"]:
        lacking = " nor ".join(name for name in ("read", "trade") if not rights[name])
        yield wrong("key", f"it may not {lacking} on {dialect.market}", "give it that right at the venue")
    else:
        yield well("key", f"it may read and trade on {dialect.market}")
    if rights["withdraw"]:
        yield note(
            "key", "it may withdraw: whoever has it has the money", "take that right away at the venue"
        )
    if not rights["bound"]:
        yield note("key", "it works from every address", "bind it to this machine's address at the venue")


def _plain(step: Decimal | None) -> str:
    """A step without the zeros that the venue writes behind it."""
    return "any" if step is None else f"{step.normalize():f}"
