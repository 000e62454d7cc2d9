"""The front door's `parity`: a journal and its strategy found, cleaned of secrets, and held against its backtest.

Knows files, configurations and sessions that run; what is compared is `run.parity`'s.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tradekit.config.load import load_config
from tradekit.core.event import Event
from tradekit.core.open import open_journal
from tradekit.core.redact import secrets
from tradekit.errors import DataError, StrategyError
from tradekit.model.session import SessionOpened
from tradekit.report.parity import Parity
from tradekit.run.parity.compare import compare
from tradekit.sim.rules import Rules
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import load_class
from tradekit.wiring.journals import journal_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parity", "parity_of"]

_FOLDER = "strategies"  # where a file's class says that it is from


def parity(
    journal: str | os.PathLike[str],
    *,
    strategy: "Strategy | type[Strategy] | str | None" = None,
    bars: "pd.DataFrame | list[pd.DataFrame] | str | None" = None,
    fee: object = None,
    slippage: object = None,
    rules: Rules | None = None,
) -> Parity:
    """Hold a session against its backtest: every difference with its reason and its part of the profit.

    journal   a journal's file, the file of its configuration, or the name of a session that runs here
    strategy  its class where the journal does not lead to it: a class, "module:Class" or "file.py:Class"
    bars      other data for the backtest, for example downloaded history, as `tk.backtest` takes them; by default it
              runs over the bars that the session saw
    fee, slippage, rules  terms of the simulated exchange other than those that the session was opened with

    `.equal`, `.rows` (a DataFrame), `.summary()`, `.to_dict()`; docs/parity.md defines each kind. Raises NotFoundError
    for no such journal, StrategyError where the strategy cannot be had, DataError for bars that do not fit.
    """
    target = os.fspath(journal)
    file = journal_of(target)
    folders = [Path.cwd(), *file.absolute().parents]
    if Path(target).suffix in (".yaml", ".yml"):
        config = load_config(target)
        folders.insert(0, config.root)
        strategy = strategy if strategy is not None else _configured(config.strategy.class_path, config.root)
    with open_journal(file) as reader:
        return parity_of(
            partial(reader.events, until=reader.last_seq),  # of a session that runs, each time the same
            strategy=strategy,
            folders=folders,
            bars=bars,
            fee=fee,
            slippage=slippage,
            rules=rules,
        )


def parity_of(
    read: Callable[[], Iterable[Event]],
    *,
    strategy: "Strategy | type[Strategy] | str | None" = None,
    folders: Iterable[Path] = (),
    **options: Any,
) -> Parity:
    """The same of a record that `read` gives from its beginning; the strategy's file is looked for in `folders`."""
    opened = next((one.data for one in read() if isinstance(one.data, SessionOpened)), None)
    if opened is None:
        raise DataError("no session was opened in this journal: there is nothing to compare")
    if strategy is None:
        strategy = _found(opened.strategy_class, [*folders])
    if isinstance(strategy, str):
        strategy = load_class(strategy)
    cls = strategy if isinstance(strategy, type) else type(strategy)
    return compare(lambda: _clean(read()), cls, clean=secrets.clean_value, **options)


def _clean(events: Iterable[Event]) -> Iterator[Event]:
    """The events as they would be told today: a secret may have been written before it was known as one."""
    for event in events:
        if secrets:
            key, data = secrets.clean(event.key), secrets.clean_value(event.data)
            event = msgspec.structs.replace(event, key=key, data=data)
        yield event


def _configured(path: str | None, root: Path) -> type[Strategy] | None:
    return None if path is None else load_class(path, root=root)


def _found(path: str, folders: list[Path]) -> type[Strategy]:
    """The class that a journal names, imported, or from a file of its name near the journal."""
    module, _, name = path.rpartition(":")
    if module.partition(".")[0] == _FOLDER:
        file = f"{module.partition('.')[2]}.py"
        for folder in folders:
            for place in (folder / _FOLDER / file, folder / file):
                if place.is_file():
                    return load_class(f"{place}:{name}")
    try:
        return load_class(path)
    except StrategyError as error:
        raise StrategyError(f"{error}; say where it is: strategy= (--strategy)") from error
