"""Journals as a user reads them: opened read-only, folded to the state at any moment, written out as Parquet.

Knows the journal and the reducer; no running session is needed.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tradekit.client.registry import find
from tradekit.client.tradelog import trade_log as log_of
from tradekit.client.view import Past
from tradekit.config.load import load_config
from tradekit.core.export import chosen, write_parquet
from tradekit.core.journal import JournalReader
from tradekit.core.open import open_journal
from tradekit.errors import ConfigError, NotFoundError
from tradekit.report.story import Story, lives_of_orders, order_story
from tradekit.report.tradelog import TradeLog
from tradekit.report.trades import Method
from tradekit.state.reducer import apply
from tradekit.state.shape import State

__all__ = [
    "export_parquet",
    "fold_until",
    "journal_of",
    "open_journal",
    "rewind",
    "seq_at",
    "state_at",
    "story_of",
    "trade_log",
]


def state_at(path: str | os.PathLike[str], at: int | str | datetime | None = None) -> State:
    """The state of the session whose journal lies at `path`, as it was at `at` (default: now).

    at  a seq (int, or digits as text), a time as datetime or text ("2026-01-05 10:15"; UTC unless it says
        otherwise): the state after the last event whose session time is not later

    Raises NotFoundError for a moment before the first event or a seq beyond the last.
    """
    with open_journal(path) as journal:
        return fold_until(journal, seq_at(journal, at))


def rewind(path: str | os.PathLike[str], at: int | str | datetime | None = None) -> Past:
    """The same state as frames: `.positions .orders .fills .equity ...`, as `session.at` gives them.

    Raises what `state_at` raises.
    """
    return Past(state_at(path, at))


def export_parquet(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    types: Iterable[str] = (),
    subject: str | None = None,
) -> Path:
    """Write the journal at `path` to the Parquet file `out`, an event a row, and return where that is.

    Columns are seq, epoch, ts, recorded (both UTC), type, v, cause, key, and `data` as JSON text. `types` and `subject`
    ("order.filled.>") choose events. Raises ConfigError where pyarrow is missing or `out` cannot be written.
    """
    file = Path(out)
    with open_journal(path) as journal:
        write_parquet(chosen(journal, types=types, subject=subject), file)
    return file


def journal_of(target: str) -> Path:
    """The journal that `target` means: a file, that of a configuration's file, or of a session that runs here by name.

    Raises NotFoundError for neither, ConfigError for a session that keeps none.
    """
    file = Path(target)
    if file.suffix in (".yaml", ".yml"):
        configured = load_config(file).journal
        if configured is None:
            raise ConfigError(f"{file.name} keeps its journal in memory: there is no file to read")
        return configured
    if file.exists() or "/" in target:
        return file
    try:
        entry = find(target)
    except NotFoundError as error:
        raise NotFoundError(f"{error}; nor is there a file {target}") from None
    if not entry.journal:
        raise ConfigError(f"session {target!r} keeps its journal in memory: there is no file to read")
    return Path(entry.journal)


def trade_log(path: str | os.PathLike[str], method: Method = "fifo") -> TradeLog:
    """The trade log of the session whose journal lies at `path`: the same table as `Result.trade_log` gives.

    Raises DataError for a method that is not known.
    """
    with open_journal(path) as journal:
        return log_of(journal.events(), method=method)


def fold_until(journal: JournalReader, seq: int) -> State:
    """The fold of the events up to and with `seq`."""
    state = State()
    for event in journal.events(until=seq):
        apply(state, event)
    return state


def story_of(path: str | os.PathLike[str], order: str) -> Story:
    """What led to an order and what became of it, from the journal at `path`; one pass through it, and few look-ups.

    Raises NotFoundError for an order that the journal does not have.
    """
    with open_journal(path) as journal:
        life = lives_of_orders(journal.events(subject="order.>")).get(order)
        if life is None:
            raise NotFoundError(
                f"there is no order {order!r} in this journal; `tradekit state` shows the latest ids"
            )
        return order_story(order, life, lambda seq: next(journal.events(since=seq - 1, until=seq), None))


def seq_at(journal: JournalReader, at: int | str | datetime | None) -> int:
    """The seq that `at` means; see `state_at`."""
    if at is None:
        return journal.last_seq
    if isinstance(at, int) or (isinstance(at, str) and at.isdigit()):
        seq = int(at)
        if not 1 <= seq <= journal.last_seq:
            raise NotFoundError(f"there is no event {seq}; the journal holds 1 to {journal.last_seq}")
        return seq
    moment = _moment(at)
    seq = journal.at_time(int(moment.timestamp() * 1_000_000) * 1000)
    if seq == 0:
        raise NotFoundError(f"{moment.isoformat()} is before the journal's first event")
    return seq


def _moment(at: str | datetime) -> datetime:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError as error:
            raise NotFoundError(f"{at!r} is no seq and no time; write 48213 or 2026-01-05T10:15") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
