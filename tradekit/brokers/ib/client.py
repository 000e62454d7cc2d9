"""ib_async's client for TWS and IB Gateway, read so that nothing is lost: numbers exact, and no message swallowed.

Its socket, its requests and its decoder are used; its own picture of the account (`IB`, `Wrapper`) is not: that one
drops executions of orders it has not seen, and takes a refused change for the order's end. The one place that imports
ib_async, and only when a client is made. Knows no order.
"""

import importlib
import logging
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tradekit.brokers.ib.day import Greeting
from tradekit.errors import ConfigError

__all__ = ["INSTALL", "NO_TIME", "Access", "load_library", "make_client"]

INSTALL = 'pip install "tradekit[ib]"'
NO_TIME = "19700101-00:00:00"  # stands for a time whose zone is not told: it is not guessed


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where TWS or IB Gateway listens, and who we are there. There is no key: who is logged in there trades.

    port       TWS: 7497 paper, 7496 live; IB Gateway: 4002 paper, 4001 live
    client_id  a number that no other program uses at this TWS; it owns the orders that are sent under it
    account    "" where the login has one only
    timeout_s  what has no answer by then has none [s]
    """

    host: str = "127.0.0.1"
    port: int = 7497
    client_id: int = 1
    account: str = ""
    timeout_s: float = 8.0


def load_library() -> Any:
    """The module `ib_async`; raises ConfigError with the line to run where it is not installed.

    What it logs is for a session's log: where nobody has set one up it stays quiet, since its errors are told by ours.
    """
    try:
        library = importlib.import_module("ib_async")
    except ImportError as error:
        raise ConfigError(f"the broker ib needs the package ib_async; run: {INSTALL}") from error
    log = logging.getLogger(library.__name__)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return library


def make_client(ear: Any, broken: Callable[[str], None]) -> Any:
    """A client of its own for one connection. `ear` is called with what TWS says, by the names of its API.

    broken  is told what could not be read; the client's `zone` is TWS's, once that has let us in
    """
    library = load_library()
    client = library.Client(ear)
    client.MaxRequests = (
        0  # its queue would send an order seconds after we let it go; requests are paced before it
    )
    reader = type("Reader", (_Exact, library.decoder.Decoder), {})(ear, 0)
    reader.broken = broken
    client.decoder = reader
    client.zone = ""
    client.conn.hasData.connect(Greeting(partial(setattr, client, "zone")), keep_ref=True)
    client.conn.hasData.error_event.connect(
        lambda _, error: broken(f"its bytes make no message: {error}"), keep_ref=True
    )
    return client


class _Exact:
    """Mixed into the library's decoder: prices and quantities are Decimals of the text that TWS sent.

    The library makes floats of them, and logs what it cannot read and goes on.
    """

    broken: Callable[[str], None]
    wrapper: Any
    handlers: dict[int, Callable[[list[str]], None]]

    def interpret(self, fields: list[str]) -> None:
        try:
            handler = self.handlers.get(int(fields[0]))
            if handler is not None:
                handler(fields)
        except Exception as error:  # whatever is wrong with it, it was not heard
            self.broken(
                f"a message of kind {''.join(fields[:1])[:8]} cannot be read: {type(error).__name__}: {error}"
            )

    def wrap(self, name: str, types: list[type], skip: int = 2) -> Callable[[list[str]], None]:
        def handler(fields: list[str]) -> None:
            method = getattr(self.wrapper, name, None)
            if method is not None:
                method(*[_read(kind, text) for kind, text in zip(types, fields[skip:], strict=False)])

        return handler

    def parse(self, made: Any) -> None:
        for name, field in type(made).__dataclass_fields__.items():
            kind = type(field.default)
            if kind in (int, float, bool):
                text = getattr(made, name)
                setattr(made, name, field.default if text == "" else _read(kind, text))

    def execDetails(self, fields: list[str]) -> None:
        if not _zoned(fields[15]):
            fields[15] = NO_TIME
        super().execDetails(fields)  # type: ignore[misc]

    def commissionReport(self, fields: list[str]) -> None:
        _, _, exec_id, commission, currency, *_ = fields
        self.wrapper.commissionReport(exec_id, _read(float, commission), currency)

    def position(self, fields: list[str]) -> None:
        _, _, account, con_id, symbol, kind, expiry, _, _, multiplier, exchange, currency, local, *rest = (
            fields
        )
        _, held, cost = rest
        contract = importlib.import_module("ib_async").Contract(
            conId=int(con_id), symbol=symbol, secType=kind, lastTradeDateOrContractMonth=expiry, multiplier=multiplier,
            exchange=exchange, currency=currency, localSymbol=local,
        )  # fmt: skip
        self.wrapper.position(account, contract, _read(float, held), _read(float, cost))


def _read(kind: type, text: Any) -> Any:
    """A field of a message by the library's word for its type; empty ones are zero."""
    if kind is float:
        return Decimal(text or 0)
    if kind is str:
        return text
    return kind(int(text or 0))


def _zoned(text: str) -> bool:
    """Whether a time says its zone: "20240105-14:30:00" is UTC, "20240105 09:30:00 US/Eastern" names it."""
    if text[8:9] == "-":
        return True
    day, _, rest = text.partition(" ")
    try:
        ZoneInfo(rest.partition(" ")[2])
    except (ValueError, OSError, KeyError):
        return False
    return bool(day)
