"""The composition root of a session: from a configuration to engine, execution, journal and store, restored.

Everything is made here and nowhere else. Knows no process and no signal.
"""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.core.codec import encode
from tradekit.core.event import Event
from tradekit.core.journal import Journal
from tradekit.core.open import open_journal, open_writer, set_aside
from tradekit.core.redact import secrets
from tradekit.core.snapshot import SnapshotStore
from tradekit.core.store import Store
from tradekit.core.version import version
from tradekit.data.columns import BarColumns
from tradekit.errors import ConfigError, JournalCorruptError, StrategyError
from tradekit.model.account import AccountType
from tradekit.model.instrument import Instrument, check_instruments, duration
from tradekit.model.money import ZERO, exact
from tradekit.model.session import CommandReceived, Mode, SessionOpened, params_of
from tradekit.run.execution import Execution
from tradekit.run.gate import Gate
from tradekit.run.latch import Latch
from tradekit.run.restore import restore
from tradekit.state.reducer import REDUCER, apply
from tradekit.state.shape import State, fingerprint
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters
from tradekit.strategy.load import class_path, load_strategy, snake_name, source_hash
from tradekit.trading.engine import Engine
from tradekit.trading.limits import check_limits
from tradekit.wiring.brokers import executions
from tradekit.wiring.market import Market, market_of

__all__ = ["CONFIG_USER", "Parts", "build"]

_CHARGED = ("fee", "slippage", "rules", "borrow_rate", "interest_rate")
CONFIG_USER = "config"  # who sets a parameter that was changed in the file between two starts

_log = logging.getLogger("tradekit.session")


class Parts(msgspec.Struct):
    """A session, put together and restored, not yet running."""

    config: Config
    market: Market
    execution: Execution
    journal: Journal
    store: Store[State]
    snapshots: SnapshotStore
    gate: Gate
    opened: SessionOpened
    changed: dict[str, Any]  # parameters that the configuration changed since the last start
    latch: Latch | None = None  # None where nothing outlives the process

    @property
    def columns(self) -> list[BarColumns]:
        """The recorded bars of a replay."""
        return self.market.columns


def build(config: Config, *, clock: Clock) -> Parts:
    """Put a session together from its configuration; a journal that is there is restored.

    Raises ConfigError, DataError or StrategyError for what cannot be made, JournalLockedError when another session
    writes the journal, JournalCorruptError when it does not prove what it claims.
    """
    limits = check_limits(dict(config.risk))
    before = _said_before(config.journal) if config.state_store.restore_on_startup else None
    if before is not None and config.broker.drill is not None:
        raise ConfigError(
            f"{config.file.name}: a drill begins with a new journal, for its venue's books end with the process: set "
            "state_store.restore_on_startup to false"
        )
    if before is not None and before.opened.mode != config.session.mode:
        raise ConfigError(
            f"{config.file.name}: event_bus.event_log_file: {config.journal} was begun by a session in mode "
            f"{before.opened.mode}: name another file for mode {config.session.mode}, for their books are not the same"
        )
    strategy = _strategy(config, before)
    known = {} if before is None else {one.id: one for one in before.instruments}
    market = market_of(config, strategy.timeframes, clock, known=known)
    engine = Engine(strategy, clean=secrets.clean_value)
    gate = Gate()
    execution_at = executions(config, market, clock)
    opened = _opened(config, strategy, market, limits)
    check_instruments(market.instruments)
    if not config.state_store.restore_on_startup and config.journal is not None:
        kept = set_aside(config.journal)
        if kept is not None:
            _log.info("the old journal is kept as %s", kept.name)
    journal = open_writer(config.journal, clock=clock, program=f"tradekit {version()}")
    try:
        snapshots = SnapshotStore(
            config.snapshots / config.session.name,
            max_snapshots=config.state_store.max_snapshots,
            reducer_version=REDUCER,
            journal_id=journal.id,
        )
        store = _restored_store(config, journal, snapshots, clock)
        execution = execution_at(engine, gate, journal.id, clock)
        opened = msgspec.structs.replace(opened, terms=_terms(config, flips=engine.dealing.flips))
        if journal.last_seq:
            _restore_engine(execution, journal, store, 0 if before is None else before.epoch)
    except BaseException:
        journal.close()
        raise
    risk = engine.state.risk
    if risk.killed:
        gate.kill(risk.reason)
    elif risk.halted:
        gate.halt(risk.reason)
    changed = _changed(config, before) if before is not None else {}
    latch = Latch(config.latch_file) if config.journal is not None else None
    killed = latch.read() if latch is not None else None
    if killed is not None:  # an earlier life could not journal it any more
        gate.kill(killed.reason)
    return Parts(config, market, execution, journal, store, snapshots, gate, opened, changed, latch)


# --- the pieces ---------------------------------------------------------------------------------------------


def _strategy(config: Config, before: "_Before | None") -> Strategy:
    """The strategy as it first started on this journal, or as configured when the journal is new."""
    if config.strategy.class_path is None:
        raise ConfigError(f"{config.file.name}: strategy.class is missing; write module:Class")
    made = load_strategy(config.strategy.class_path, config.strategy.params, root=config.root)
    if before is not None and before.opened.strategy_class == class_path(type(made)):
        try:
            made = load_strategy(type(made), before.opened.params)
        except StrategyError as error:
            raise StrategyError(
                f"the journal {config.journal} was begun with parameters that the strategy does not take any more: "
                f"{error}. Start it as it was, or begin a new journal (state_store.restore_on_startup: false; "
                "tk.start(..., fresh=True))"
            ) from error
    return made


def _opened(config: Config, strategy: Strategy, market: Market, limits: dict[str, str]) -> SessionOpened:
    session = config.session
    configured = load_strategy(type(strategy), config.strategy.params)
    frames = dict.fromkeys((*market.timeframes, *strategy.timeframes, *config.market_data.timeframes))
    return SessionOpened(
        name=session.name,
        mode=Mode(session.mode),
        account=session.account,
        currency=session.currency or market.instruments[0].currency,
        cash=ZERO if session.mode == "live" else exact(session.cash, name="session.cash"),
        strategy=config.strategy.id or snake_name(type(strategy).__name__),
        strategy_class=class_path(type(strategy)),
        params=parameters(configured),
        source=source_hash(type(strategy)),
        instruments=market.instruments,
        timeframes=sorted(frames, key=duration),
        limits=limits,
        armed=session.mode != "live" if session.armed is None else session.armed,
        program=version(),
        reducer=REDUCER,
        account_type=AccountType(session.account_type),
        hedging=session.hedging,
        warm_until=market.opened,
    )


def _terms(config: Config, *, flips: bool) -> dict[str, Any]:
    """What a backtest of this session's orders needs to know beside the bars."""
    said = {name: getattr(config.broker, name) for name in _CHARGED}
    terms: dict[str, Any] = msgspec.to_builtins(said)  # Decimals as text: what is written is read again
    return terms | {"flips": flips}


# --- what the journal remembers -----------------------------------------------------------------------------


class _Before(msgspec.Struct):
    """How the session was opened first, and what configurations have said of its parameters since."""

    opened: SessionOpened
    params: dict[str, Any]
    instruments: list[Instrument]  # as the last start has them
    epoch: int = 0  # the last start's


def _said_before(path: Path | None) -> _Before | None:
    if path is None or not path.exists() or path.stat().st_size == 0:
        return None
    before: _Before | None = None
    with open_journal(path) as journal:
        for event in journal.events(types=["session.opened", "command.received"]):
            data = event.data
            if isinstance(data, SessionOpened) and before is None:
                before = _Before(data, dict(data.params), data.instruments, event.epoch)
            elif before is not None and isinstance(data, SessionOpened):
                before.instruments, before.epoch = data.instruments, event.epoch
            elif before is not None and isinstance(data, CommandReceived) and _is_from_config(data):
                before.params |= params_of(data.args)
    return before


def _is_from_config(command: CommandReceived) -> bool:
    return command.name == "set_param" and command.user == CONFIG_USER


def _changed(config: Config, before: _Before) -> dict[str, Any]:
    """Parameters that the configuration names otherwise than it did before; what a user set live stays."""
    said = before.params
    return {k: v for k, v in config.strategy.params.items() if k in said and said[k] != v}


def _restored_store(config: Config, journal: Journal, snapshots: SnapshotStore, clock: Clock) -> Store[State]:
    state = _newest(snapshots, journal.last_seq)
    if not config.state_store.replay_events_on_restore and state.seq != journal.last_seq:
        raise ConfigError(
            f"state_store.replay_events_on_restore is false and the newest snapshot is at event {state.seq}, the "
            f"journal at {journal.last_seq}: set it to true, or stop sessions in good order so that they snapshot"
        )
    store: Store[State] = Store(state, apply, seq=state.seq, fingerprint=fingerprint, clock=clock)
    if state.seq:  # without a snapshot the engine's own fold of all will do
        store.fold(_events(journal, state.seq))
    return store


def _events(journal: Journal, since: int = 0) -> Iterator[Event]:
    """The journal's events as they would be told today: a secret may have been written before it was known as one."""
    for event in journal.events(since):
        if secrets:
            key, data = secrets.clean(event.key), secrets.clean_value(event.data)
            event = msgspec.structs.replace(event, key=key, data=data)
        yield event


def _newest(snapshots: SnapshotStore, last_seq: int) -> State:
    """The state of the newest snapshot that can be read, or an empty one."""
    before = None
    while (found := snapshots.latest(before=before, durable_seq=last_seq)) is not None:
        try:
            return msgspec.json.decode(found.state, type=State)
        except msgspec.MsgspecError as error:
            _log.warning("the snapshot at event %d is not used: %s", found.seq, error)
            before = found.seq
    return State()


def _restore_engine(execution: Execution, journal: Journal, store: Store[State], epoch: int) -> None:
    """Replay the inputs through the engine; its state is the store's, or held against that of a snapshot and tail."""
    difference = restore(execution, partial(_events, journal))
    if difference is not None:
        _log.error("the session cannot be armed: %s", execution.engine.doubt)
    replayed = fingerprint(execution.engine.state)
    if not store.seq:
        copied = msgspec.json.decode(encode(execution.engine.state), type=State)
        copied.session.epoch = epoch  # which the engine does not count
        store.replace(copied, copied.seq)
    elif store.hash() != replayed:
        _log.warning("the newest snapshot holds another state than its journal; it is not used")
        store.replace(State(), 0)
        store.fold(_events(journal))
    if store.hash() != replayed or store.seq != journal.last_seq:
        raise JournalCorruptError(
            f"the state folded from the journal ({store.hash()[:12]}) is not the state replayed from it "
            f"({replayed[:12]}): this must not happen; keep the journal and start with a new one"
        )
    _log.info("restored %d events", journal.last_seq)
