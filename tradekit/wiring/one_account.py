"""One live session an account: a lock that the system gives up however the session ends.

By what the account is reached with (the venue and the key, or the address), not by what a file calls it. It holds for
this user on this machine; another machine is not seen. Knows no broker.
"""

import contextlib
import hashlib
from collections.abc import Iterator

from tradekit.client.registry import runtime_folder
from tradekit.config.schema import Config
from tradekit.core.lock import WriterLock
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError, JournalLockedError

__all__ = ["one_session"]


@contextlib.contextmanager
def one_session(config: Config) -> Iterator[None]:
    """Hold the account of a live configuration; raises ConfigError when another session has it."""
    if config.session.mode != "live":
        yield
        return
    try:
        lock = WriterLock(runtime_folder() / f"account-{_account(config)}")
    except JournalLockedError as error:
        raise ConfigError(
            f"another live session trades on the account {config.session.account!r} of {config.broker.name}: "
            f"tradekit sessions lists those that run; stop that one first, or trade several instruments in one session"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _account(config: Config) -> str:
    """What tells one account from another: where it is, and who asks."""
    broker = config.broker
    who = f"{broker.host}:{broker.port} {broker.account or ''}"  # whoever reaches a TWS has its account
    if broker.key_from is not None:
        who = Secret.read(broker.key_from, root=config.root).reveal()
    parts = (broker.name, broker.venue, broker.market, str(broker.sandbox), broker.url or "", who)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
