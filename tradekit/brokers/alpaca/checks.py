"""What `tradekit doctor` looks at on Alpaca: the key, the clocks, the account, the market, the tape, the stocks.

Sends questions only. Knows no session.
"""

from collections.abc import AsyncIterator, Iterable
from decimal import Decimal

from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.client import Access
from tradekit.brokers.alpaca.errors import Verdict, judge
from tradekit.brokers.alpaca.history import MINUTE, History
from tradekit.brokers.alpaca.names import Names
from tradekit.brokers.alpaca.stream import no_key
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.redact import secrets
from tradekit.errors import ConnectionLostError, TradekitError
from tradekit.health.finding import Finding, note, well, wrong
from tradekit.model.instrument import Instrument

__all__ = ["account", "instruments", "look"]

_SKEW_S, _TOO_SKEWED_S = 1.0, 5.0  # bars that are told so late are taken for the past
_BLOCKED = {
    "account_blocked": "the account is blocked",
    "trading_blocked": "trading is blocked",
    "trade_suspended_by_user": "trading is suspended in the account's settings",
}


async def account(access: Access, *, clock: Clock | None = None) -> str:
    """What Alpaca calls the account.

    Raises BrokerError for a key that is refused, ConnectionLostError where the venue gives no answer.
    """
    history = History(access, Names(()), clock or SystemClock())
    try:
        return words.text(await history.account(), "id")
    except Exception as error:
        judged = judge(error)
        reason = secrets.clean(judged.reason)
        if judged.verdict is Verdict.KEY:
            raise no_key(reason, paper=access.paper) from error
        raise ConnectionLostError(f"alpaca has not told the account: {reason}") from error
    finally:
        history.close()


async def instruments(
    access: Access, wanted: Iterable[str], *, clock: Clock | None = None
) -> dict[str, Instrument]:
    """Those of the wanted stocks that are traded; raises ConnectionLostError where the venue gives no answer."""
    history = History(access, Names(wanted), clock or SystemClock())
    try:
        return await history.instruments()
    finally:
        history.close()


async def look(access: Access, wanted: Iterable[Instrument], *, clock: Clock | None = None) -> list[Finding]:
    """Findings on the venue, the gravest subjects first; instruments are as the session has them."""
    clock, wanted = clock or SystemClock(), list(wanted)
    history = History(access, Names(one.id for one in wanted), clock)
    try:
        key = await _key(history, access)
        if key[0].grade == "wrong":
            return key
        return [
            *key,
            *[one async for one in _time(history, clock)],
            *[one async for one in _tape(history, access, wanted, clock)],
            *[one async for one in _stocks(history, wanted)],
        ]
    finally:
        history.close()


async def _key(history: History, access: Access) -> list[Finding]:
    """Whether the key is taken, and what the account may do."""
    where = "paper" if access.paper else "live"
    try:
        told = await history.account()
        status, currency, cash = (words.text(told, name) for name in ("status", "currency", "cash"))
    except Exception as error:
        judged = judge(error)
        reason = secrets.clean(judged.reason)
        if judged.verdict is Verdict.KEY:
            remedy = f"check key and secret, and that they are of the {where} exchange (broker.sandbox)"
            return [wrong("key", f"alpaca does not accept it: {reason}", remedy)]
        return [wrong("venue", f"alpaca gives no answer: {reason}", "is this machine online?")]
    found = [well("key", f"alpaca {where} accepts it")]
    blocked = [said for name, said in _BLOCKED.items() if told.get(name) is True]
    if status != "ACTIVE" or blocked:
        why = "; ".join(blocked) or f"its status is {status}"
        found.append(wrong("account", f"{why}: orders would be refused", "see to it on the venue's page"))
    else:
        found.append(
            well("account", f"active, {cash} {currency} in cash, buying power {told.get('buying_power')}")
        )
    if told.get("pattern_day_trader") is True and Decimal(str(told.get("equity") or 0)) < 25_000:
        said = "flagged as a pattern day trader's, with less than 25,000 USD: day trades are refused"
        found.append(note("account", said, "hold positions overnight, or add money"))
    if told.get("shorting_enabled") is not True:
        found.append(
            note("account", "it may not sell short: such orders would be refused", "trade long only")
        )
    return found


async def _time(history: History, clock: Clock) -> AsyncIterator[Finding]:
    """Whether the clocks agree, and the market is open."""
    asked, began = clock.now(), clock.monotonic()
    try:
        theirs, market_open = await history.clock()
    except TradekitError as error:
        yield wrong("venue", str(error), "try again")
        return
    ahead_s = (theirs - asked) / 1e9
    skew_s = max(
        ahead_s - (clock.monotonic() - began), min(ahead_s, 0.0)
    )  # it was read while the answer took its time
    said = f"the clocks differ by {abs(skew_s) * 1000:,.0f} ms"
    remedy = "set this machine's clock: timedatectl set-ntp true"
    if abs(skew_s) > _TOO_SKEWED_S:
        yield wrong("venue", said, remedy)
    elif abs(skew_s) > _SKEW_S:
        yield note("venue", said, remedy)
    else:
        yield well("venue", said)
    yield (
        well("market", "it is open")
        if market_open
        else note("market", "it is closed: orders wait for its open")
    )


async def _tape(
    history: History, access: Access, wanted: list[Instrument], clock: Clock
) -> AsyncIterator[Finding]:
    """Whether this key may see the trades that the bars are made of."""
    try:
        now = clock.now()
        await history.bars([one.id for one in wanted[:1]], now - 10 * MINUTE, now - MINUTE)
    except TradekitError as error:
        remedy = "subscribe to it, or write market_data.tape: iex" if access.tape != "iex" else "try again"
        yield wrong("tape", f"{access.tape}: {error}", remedy)
    else:
        yield well("tape", f"bars come from {access.tape}")


async def _stocks(history: History, wanted: list[Instrument]) -> AsyncIterator[Finding]:
    """Whether each stock is traded, in steps that ours are multiples of."""
    for one in wanted:
        try:
            told = await history.asset(one.id)
        except TradekitError as error:
            yield wrong("instruments", str(error), "try again")
            return
        if told is None:
            yield wrong("instruments", f"{one.id} is no stock at alpaca", "mend its id")
        elif told.get("tradable") is not True or told.get("status") != "active":
            yield wrong("instruments", f"{one.id} is not traded at alpaca now", "take it out")
        else:
            for finding in _steps(one, told):
                yield finding


def _steps(one: Instrument, told: words.Message) -> list[Finding]:
    parts = one.lot is not None and one.lot % 1 != 0
    if parts and told.get("fractionable") is not True:
        return [wrong("instruments", f"{one.id} is not traded in parts of shares", "set its lot to 1")]
    found = []
    if parts:
        found.append(note("instruments", f"{one.id} in parts of {one.lot}: they go with day orders only"))
    if one.tick is not None and one.tick % words.CENT:
        said = f"{one.id}: tick {one.tick} is finer than a cent, which is for prices under a dollar"
        found.append(
            note("instruments", said, "orders of a dollar and more would be refused: set its tick to 0.01")
        )
    able = [
        name
        for name, key in (("shortable", "shortable"), ("easy to borrow", "easy_to_borrow"))
        if told.get(key)
    ]
    return [
        *found,
        well("instruments", f"{one.id}: traded{', ' + ', '.join(able) if able else ', not shortable'}"),
    ]
