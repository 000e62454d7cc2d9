"""One live session an account: a lock that the system gives up however the session ends.

By what the venue itself calls the account, whatever a file calls it and whatever it is reached with: two keys, two
names of one machine, an account that is named and the only one of its login are one account. It holds for this user on
this machine; another machine is not seen. Knows no broker.
"""

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tradekit.client.registry import runtime_folder
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.core.lock import WriterLock
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError, ConnectionLostError, JournalLockedError
from tradekit.wiring.venues import venue

__all__ = ["one_session"]

_log = logging.getLogger("tradekit.session")


@contextlib.contextmanager
def one_session(config: Config, clock: Clock) -> Iterator[None]:
    """Hold the account of a live configuration; raises ConfigError when another session has it.

    Raises ConnectionLostError where the venue does not say which account it is and has not said so before.
    """
    if config.session.mode != "live":
        yield
        return
    try:
        lock = WriterLock(runtime_folder() / f"account-{_account(config, clock)}")
    except JournalLockedError as error:
        raise ConfigError(
            f"another live session trades on the account {config.session.account!r} of {config.broker.name}: "
            f"tradekit sessions lists those that run; stop that one first, or trade several instruments in one session"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _account(config: Config, clock: Clock) -> str:
    """What tells one account from another: what the venue says, or where it gives no answer now, said here before."""
    file = runtime_folder() / f"account-of-{_digest(_reached_with(config))}"
    try:
        told = venue(config.broker.name).account(config, clock)
    except ConnectionLostError as error:
        try:
            known = file.read_text(encoding="ascii")
        except OSError:
            raise ConnectionLostError(
                f"{error}. Whether another session trades on this account cannot be told without it: start again when "
                f"the venue answers"
            ) from error
        _log.warning("%s; it is taken for the one that it was", error)
        return known
    name = _digest([config.broker.name, told])
    _keep(file, name)
    return name


def _reached_with(config: Config) -> list[object]:
    """What the account is reached with: the key itself, for another one may come from the same place, or the TWS."""
    broker = config.broker
    key = "" if broker.key_from is None else Secret.read(broker.key_from, root=config.root).reveal()
    there = [broker.venue, broker.market, broker.sandbox, broker.host, broker.port, broker.account]
    return [broker.name, key, *there]


def _digest(what: object) -> str:
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:32]


def _keep(file: Path, name: str) -> None:
    """Remember it (0600), in one piece; where the disk fails it is asked for again at the next start."""
    half = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writer:
            writer.write(name)
        half.replace(file)
    except OSError as error:
        _log.warning("%s cannot be written: %s", file, error.strerror)
