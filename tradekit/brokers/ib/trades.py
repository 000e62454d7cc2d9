"""Trades of the account: each told once with its fee, which TWS tells apart, and with its corrections.

A corrected trade comes again under an id whose last part is higher: the one before is void. Knows no connection.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.words import fill_said, number, revision
from tradekit.core.clock import Clock
from tradekit.model.said import BustSaid, FillSaid, Said

__all__ = ["Trades"]

FEE_S = 0.5  # so long a trade waits for its fee, which comes in milliseconds; then it is told without, and again with
_KEPT = 10_000  # fees and versions of trades that are remembered; TWS tells today's


class Trades:
    """What has traded, as it is told.

    account  trades of others of the login are left out
    tell     takes what is said on the stream
    """

    def __init__(self, contracts: Contracts, clock: Clock, tell: Callable[[Said], None]) -> None:
        self.account = ""
        self._contracts, self._clock, self._tell = contracts, clock, tell
        self._fees: dict[str, tuple[Decimal, str]] = {}
        self._held: dict[str, tuple[Any, Any, asyncio.TimerHandle]] = {}
        self._then: dict[int, list[Callable[[], None]]] = {}
        self._versions: dict[str, int] = {}  # the last one told, by what all versions have in common
        self._bare: dict[str, tuple[Any, Any]] = {}  # told without a fee
        self._news = asyncio.Event()

    def executed(self, contract: Any, execution: Any) -> None:
        """A trade has happened."""
        if execution.acctNumber != self.account:
            return
        exec_id = execution.execId
        if exec_id in self._held:
            return
        timer = asyncio.get_running_loop().call_later(FEE_S, self._release, exec_id)
        self._held[exec_id] = (contract, execution, timer)
        if exec_id in self._fees:
            self._release(exec_id)

    def cost(self, exec_id: str, commission: Decimal, currency: str) -> None:
        """A trade's fee has become known."""
        told = commission.is_finite() and abs(commission) < Decimal("1e300")
        self._fees[exec_id] = (number(commission), currency) if told else (Decimal(0), "")
        while len(self._fees) > _KEPT:
            self._fees.pop(next(iter(self._fees)))
        self._news.set()
        if exec_id in self._held:
            self._release(exec_id)
        elif exec_id in self._bare and told:
            contract, execution = self._bare.pop(exec_id)
            self._tell(fill_said(execution, self._contracts.ours(contract), self._fees[exec_id]))

    def after(self, perm_id: int, then: Callable[[], None]) -> None:
        """Do something once no trade of an order waits any more: its end is not told before its trades."""
        if any(execution.permId == perm_id for _, execution, _ in self._held.values()):
            self._then.setdefault(perm_id, []).append(then)
        else:
            then()

    async def listed(self, rows: list[Any]) -> tuple[FillSaid, ...]:
        """The trades of an answer; a correction that is news is told on the stream, where its order is kept."""
        ours = [(contract, one) for contract, one in rows if one.acctNumber == self.account]
        until = self._clock.monotonic() + FEE_S
        while any(one.execId not in self._fees for _, one in ours):
            left = until - self._clock.monotonic()
            if left <= 0:
                break
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                break
        latest: dict[str, tuple[Any, Any]] = {}
        for contract, one in ours:
            stem, version = revision(one.execId)
            if stem not in latest or version > revision(latest[stem][1].execId)[1]:
                latest[stem] = (contract, one)
        told = []
        for stem, (contract, one) in latest.items():
            version = revision(one.execId)[1]
            if version > 1 and self._versions.get(stem, 0) < version:
                self._say(contract, one)
            else:
                told.append(fill_said(one, self._contracts.ours(contract), self._fees.get(one.execId)))
        return tuple(told)

    def end(self) -> None:
        """Tell what waits, and wait for nothing more."""
        for exec_id in list(self._held):
            self._release(exec_id)

    def _release(self, exec_id: str) -> None:
        contract, execution, timer = self._held.pop(exec_id)
        timer.cancel()
        self._say(contract, execution)
        if not any(one.permId == execution.permId for _, one, _ in self._held.values()):
            for then in self._then.pop(execution.permId, ()):
                then()

    def _say(self, contract: Any, execution: Any) -> None:
        """Tell a trade, the versions that it replaces first."""
        stem, version = revision(execution.execId)
        before = self._versions.get(stem, 0)
        if version < before:
            return
        said = fill_said(execution, self._contracts.ours(contract), self._fees.get(execution.execId))
        last = execution.execId.rpartition(".")[2]
        for old in range(max(before, 1), version):
            void = f"{stem}.{old:0{len(last)}d}"
            why = f"corrected by {execution.execId}"
            self._tell(
                BustSaid(exec_id=void, order=said.order, venue_id=said.venue_id, reason=why, ts=said.ts)
            )
        self._versions.pop(stem, None)
        self._versions[stem] = version
        while len(self._versions) > _KEPT:
            self._versions.pop(next(iter(self._versions)))
        self._tell(said)
        if execution.execId not in self._fees:
            self._bare[execution.execId] = (contract, execution)
            while len(self._bare) > _KEPT:
                self._bare.pop(next(iter(self._bare)))
