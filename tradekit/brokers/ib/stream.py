"""The account's line to TWS: opened, looked over, kept, made again when it is lost, and what comes on it told.

What is told before the line is known to be up waits for that word. Knows no request.
"""

import asyncio
import logging
from typing import Any

from tradekit.brokers.ib.account import Account
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.errors import Refused, Unanswered
from tradekit.brokers.ib.line import Line, Taken
from tradekit.brokers.ib.lookup import fill_in
from tradekit.brokers.stream import AccountStream, Pauses
from tradekit.core.clock import Clock
from tradekit.errors import BrokerError, ConfigError

__all__ = ["READ_ONLY", "Stream", "chosen", "measured", "why"]

READ_ONLY = 321
_AWAY_S = 120.0  # TWS without Interactive Brokers for so long is connected to anew
_SKEW_S = 1.5  # the clock of TWS is told in whole seconds
_log = logging.getLogger(__name__)


class Stream(AccountStream):
    """The account's stream at TWS.

    line  the connection of the moment; None while there is none that may be used
    """

    def __init__(self, access: Access, contracts: Contracts, clock: Clock) -> None:
        super().__init__(clock)
        self.line: Line | None = None
        self._access, self._contracts = access, contracts
        self.account = Account(access.client_id, contracts, clock, self._say)
        self._been_up = False

    async def close(self) -> None:
        """End the connection and the stream; what waits in it is still told."""
        self.account.close()
        await super().close()
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
        pauses = Pauses()
        while True:
            line, began = Line(self._access, self._clock, self._hears), self._clock.monotonic()
            try:
                await self._opened(line)
                self.line, self._been_up = line, True
                self._up()
                reason = await self._lasted(line)
            except BrokerError as error:
                self._give_up(error)
                return
            except Exception as error:  # whatever it is, there is no line
                reason = why(error, self._access)
                if isinstance(error, Taken) and not self._been_up:
                    self._give_up(BrokerError(f"{reason}; give this session another (broker.client_id)"))
                    return
                _log.warning("no line to TWS: %s", reason)
            finally:
                self.line = None
                await line.close()
            self._down(reason)
            await pauses.wait(self._clock.monotonic() - began)

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

    def _hears(self, name: str, *told: Any) -> None:
        """What TWS says; while it has lost Interactive Brokers the line is down, though it stands.

        Told as it is heard: a loss and a return may come in one reading, and what was missed between is to be asked.
        """
        if self.line is not None and self.line.away and self._early is None:
            self._down(self.line.away)
        elif self.line is not None and not self.line.away and self._early is not None:
            self._up()
        self.account.heard(name, *told)

    async def _lasted(self, line: Line) -> str:
        """Until the connection ends, or TWS has been without Interactive Brokers for too long."""
        while not line.lost.done():
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
