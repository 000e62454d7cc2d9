"""The account's line to TWS: opened, looked over, kept, made again when it is lost, and what comes on it told.

What is told before the line is known to be up waits for that word. Knows no request.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from secrets import SystemRandom
from typing import Any

from tradekit.brokers.ib.account import Account
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.errors import Refused, Unanswered
from tradekit.brokers.ib.line import Line, Taken
from tradekit.brokers.ib.lookup import fill_in
from tradekit.core.clock import Clock
from tradekit.errors import BrokerError, ConfigError
from tradekit.model.said import LinkSaid, Said

__all__ = ["READ_ONLY", "Stream", "chosen", "measured", "why"]

READ_ONLY = 321
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STABLE_S = 0.5, 30.0, 60.0
_AWAY_S = 120.0  # TWS without Interactive Brokers for so long is connected to anew
_SKEW_S = 1.5  # the clock of TWS is told in whole seconds
_log = logging.getLogger(__name__)
_chance = SystemRandom().random


class Stream:
    """One stream of statements over as many connections as it takes.

    line  the connection of the moment; None while there is none that may be used
    """

    def __init__(self, access: Access, contracts: Contracts, clock: Clock) -> None:
        self.line: Line | None = None
        self._access, self._contracts, self._clock = access, contracts, clock
        self._told: asyncio.Queue[Said | BrokerError | None] = asyncio.Queue()
        self._early: (
            list[Said] | None
        ) = []  # what came before the line was told to be up; None while it is up
        self.account = Account(access.client_id, contracts, clock, self._say)
        self._been_up = self._closed = False

    async def said(self) -> AsyncIterator[Said]:
        """What the account's stream says, until it is closed; raises BrokerError for what no waiting mends."""
        if self._closed:
            return
        keeping = asyncio.create_task(self._keep())
        try:
            while (told := await self._told.get()) is not None:
                if isinstance(told, BrokerError):
                    raise told
                yield told
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def close(self) -> None:
        """End the connection and the stream; what waits in it is dropped."""
        self._closed = True
        self.account.close()
        self._told.put_nowait(None)
        if self.line is not None:
            await self.line.close()

    def ready(self) -> Line:
        """The line, where one may send on it; raises Unanswered where there is none, or TWS itself is cut off."""
        if self.line is None or self._early is not None:
            raise Unanswered(
                self.line.away
                if self.line is not None and self.line.away
                else "there is no connection to TWS"
            )
        return self.line

    # --- the connection -----------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Connect, tell it, wait for the end, tell it; again after a pause with full jitter."""
        failures, told_down = 0, False
        while True:
            line = Line(self._access, self._clock, self.account.heard)
            up_at: float | None = None
            try:
                await self._opened(line)
                up_at, told_down, self.line, self._been_up = self._clock.monotonic(), True, line, True
                self._up()
                reason = await self._lasted(line)
                self._down(reason)
            except BrokerError as error:
                self._told.put_nowait(error)
                return
            except Exception as error:  # whatever it is, there is no line
                reason = why(error, self._access)
                if isinstance(error, Taken) and not self._been_up:
                    self._told.put_nowait(
                        BrokerError(f"{reason}; give this session another (broker.client_id)")
                    )
                    return
                _log.warning("no line to TWS: %s", reason)
                if not told_down:
                    told_down = True
                    self._told.put_nowait(LinkSaid(up=False, reason=reason, ts=self._clock.now()))
            finally:
                self.line = None
                await line.close()
            if up_at is not None and self._clock.monotonic() - up_at >= _STABLE_S:
                failures = 0
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 10))
            failures += 1
            await asyncio.sleep(longest * _chance())

    async def _opened(self, line: Line) -> None:
        """Let in, as the right account, with the right contracts, and allowed to trade: from here on all is heard."""
        await line.open()
        self.account.belongs(chosen(line.accounts, self._access.account))
        skew_s = await measured(line, self._clock)
        if abs(skew_s) > _SKEW_S:
            _log.warning(
                "the clocks of this machine and of TWS differ by %.0f s; set them right (timedatectl set-ntp true)",
                skew_s,
            )
        try:
            await fill_in(line, self._contracts)
            await line.ask("openOrders", line.client.reqAllOpenOrders)
        except ConfigError as error:
            raise BrokerError(str(error)) from error
        except Refused as no:
            if no.code == READ_ONLY:
                raise BrokerError(
                    f"TWS does not let this program trade: {no}. Untick Read-Only API in its settings (API, Settings)"
                ) from no
            raise
        if line.away:
            raise Unanswered(line.away)

    async def _lasted(self, line: Line) -> str:
        """Until the connection ends; while TWS has lost Interactive Brokers the line is down, though it stands."""
        while not line.lost.done():
            if line.away and self._early is None:
                self._down(line.away)
            elif not line.away and self._early is not None:
                self._up()
            line.turned.clear()
            turned = asyncio.create_task(line.turned.wait())
            waited: set[asyncio.Future[Any]] = {turned, line.lost}
            patience = _AWAY_S if line.away else None
            try:
                done, _ = await asyncio.wait(waited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            finally:
                turned.cancel()
            if not done:
                return f"TWS did not find Interactive Brokers within {_AWAY_S:g} s: {line.away}"
        return line.lost.result()

    def _say(self, said: Said) -> None:
        if self._early is None:
            self._told.put_nowait(said)
        else:
            self._early.append(said)

    def _up(self) -> None:
        early, self._early = self._early, None
        for one in (LinkSaid(up=True, ts=self._clock.now()), *(early or ())):
            self._told.put_nowait(one)

    def _down(self, reason: str) -> None:
        if self._early is None:
            self._early = []
            self._told.put_nowait(LinkSaid(up=False, reason=reason, ts=self._clock.now()))


def chosen(accounts: list[str], wanted: str) -> str:
    """The account to trade on; raises BrokerError where that is not clear."""
    if wanted in accounts:
        return wanted
    listed = ", ".join(accounts)
    if wanted:
        raise BrokerError(f"account {wanted} is not among those of this login: {listed}; mend broker.account")
    if len(accounts) != 1:
        raise BrokerError(f"this login has several accounts: {listed}; say which one in broker.account")
    return accounts[0]


async def measured(line: Line, clock: Clock) -> float:
    """What the clock of TWS is ahead of ours, to the second [s]."""
    began = clock.now()
    (seconds,) = await line.ask("currentTime", line.client.reqCurrentTime)
    theirs, ours = float(seconds) + 0.5, (began + clock.now()) / 2e9
    return theirs - ours


def why(error: Exception, access: Access) -> str:
    """Why there is no line, and what may be done about it."""
    if isinstance(error, Taken):
        return f"client id {access.client_id} is in use at TWS"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing listens at {access.host}:{access.port}: is TWS or IB Gateway running and logged in, with its "
            f"socket API on (API, Settings: Enable ActiveX and Socket Clients)?"
        )
    there = f"TWS at {access.host}:{access.port}"
    return str(error) or f"{there} does not answer: does it ask on its screen whether to let this program in?"
