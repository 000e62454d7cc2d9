"""What `tradekit doctor` looks at: a configuration before it is started, or a session that runs.

Changes nothing: the journal is read, the port is asked for and let go, no folder is made.
"""

import http.client
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tradekit.client.pages import read_page
from tradekit.client.registry import Entry, entries, runtime_folder
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.open import open_journal
from tradekit.core.version import version
from tradekit.core.watermark import MarkState, read_mark
from tradekit.errors import TradekitError
from tradekit.health import machine
from tradekit.health.diagnosis import diagnose, read_metrics
from tradekit.health.finding import Finding, note, well, wrong
from tradekit.model.session import SessionOpened
from tradekit.strategy.load import class_path, load_strategy, source_hash
from tradekit.trading.limits import check_limits
from tradekit.wiring.alerts import findings
from tradekit.wiring.market import load_columns
from tradekit.wiring.tail import TAIL, tail_findings
from tradekit.wiring.understood import FLAG, is_understood
from tradekit.wiring.venues import VENUES, venue

__all__ = ["check_config", "check_machine", "check_session"]

_ANSWER_S = 3.0


def check_machine(clock: Clock | None = None) -> list[Finding]:
    """This machine, whatever is to run on it."""
    made = max(int(path.stat().st_mtime_ns) for path in Path(__file__).resolve().parents[1].glob("*.py"))
    return [
        well("program", f"tradekit {version()}, Python {sys.version.split()[0]}"),
        machine.sqlite_sound(),
        machine.clock_sane(clock or SystemClock(), after=made),
        machine.open_files(clients=8),
        *_tried("register", _register),
    ]


def check_session(entry: Entry, *, timeout_s: float = _ANSWER_S) -> list[Finding]:
    """A running session by its own pages."""
    ca = entry.certificate or None
    try:
        health = json.loads(read_page(entry.uri, "/health", ca=ca, timeout_s=timeout_s))
        metrics = read_metrics(read_page(entry.uri, "/metrics", ca=ca, timeout_s=timeout_s))
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(error) or type(error).__name__
        said = f"its bridge at {entry.uri} gives no answer within {timeout_s:g} s ({why})"
        return [wrong("session", said, f"see its log; tradekit stop {entry.name} ends process {entry.pid}")]
    return diagnose(health, metrics)


def check_config(file: Path, *, clock: Clock | None = None, send: bool = False) -> list[Finding]:
    """Everything that a start from this file would need; `send` sends each target of alerts a test."""
    clock = clock or SystemClock()
    found = [machine.sqlite_sound()]
    try:
        config = load_config(file)
    except TradekitError as error:
        return [*found, wrong("config", str(error), "mend the file")]
    at = _venue_of(config)
    if at:
        found += _tried("venue", lambda: iter(venue(at).findings(config, clock)))
    try:
        check_runnable(config)
    except TradekitError as error:
        return [*found, wrong("config", str(error), "mend the file")]
    found.append(well("config", f"{file}: session {config.session.name!r}, {config.session.mode}"))
    if not is_understood(config):
        unsaid = "nobody has said yet that its orders may leave this machine"
        found.append(note("word", unsaid, f"tradekit run {file} {FLAG}, once for this configuration"))
    if str(config.root) not in sys.path:
        sys.path.insert(0, str(config.root))  # where a session looks for the project's own modules
    found += _tried("data", lambda: _data(config))
    found += _tried("strategy", lambda: _strategy(config))
    found += _tried("risk", lambda: _risk(config))
    found += _tried("journal", lambda: _journal(config, clock))
    found += _tried("alerts", lambda: iter(findings(config, send=send)))
    found += machine.folder_usable(config.folder, "folder")
    found += machine.folder_usable(config.snapshots, "snapshots")
    found += _tried("register", _register)
    found += _tried("port", lambda: _bridge(config))
    return found


def _venue_of(config: Config) -> str:
    """Whose broker or feed the configuration names, "" where all is in the house."""
    named = (config.broker.name, config.market_data.source)
    return next((one for one in named if one in VENUES), "")


def _tried(subject: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What it finds; what it raises is a finding too."""
    try:
        yield from look()
    except (TradekitError, OSError) as error:
        yield wrong(subject, str(error))


def _data(config: Config) -> Iterator[Finding]:
    if config.market_data.source == TAIL:
        yield from tail_findings(config)
        return
    for source in config.bars:
        bars = load_columns(source, config)
        first, last = (_day(int(bars.ts[at])) for at in (0, -1))
        yield well("data", f"{bars.spec.id}: {len(bars.ts):,} bars of {bars.timeframe}, {first} to {last}")


def _strategy(config: Config) -> Iterator[Finding]:
    made = load_strategy(config.strategy.class_path or "", config.strategy.params, root=config.root)
    yield well("strategy", class_path(type(made)))
    if config.journal is None or not config.journal.exists() or not config.state_store.restore_on_startup:
        return
    with open_journal(config.journal) as journal:
        opened = next((e.data for e in journal.events(types=["session.opened"])), None)
    if isinstance(opened, SessionOpened) and opened.source != source_hash(type(made)):
        yield note(
            "strategy",
            "its source is not the one that its journal began with: the replay may go another way, and the session "
            "is not armed then",
            "start it as it was, or begin a new journal (state_store.restore_on_startup: false)",
        )


def _risk(config: Config) -> Iterator[Finding]:
    limits = check_limits(dict(config.risk))
    yield well("risk", ", ".join(f"{name} {bound}" for name, bound in limits.items()) or "no limits")


def _journal(config: Config, clock: Clock) -> Iterator[Finding]:
    file = config.journal
    if file is None:
        yield note("journal", "kept in memory: nothing survives a restart", "event_bus.persist_events: true")
        return
    if not file.exists():
        yield well("journal", f"{file} will be made")
        return
    with open_journal(file) as journal:
        verdict = journal.verify()
        last = next(iter(journal.events(since=journal.last_seq - 1)), None)
    if not verdict.ok:
        yield wrong(
            "journal", "; ".join(verdict.problems), "keep it; restore a backup, or begin a new journal"
        )
        return
    yield well("journal", f"{file}: {verdict.events:,} events, verified")
    for missing in verdict.missing:
        yield note(
            "journal",
            f"events {missing} are in an archive that is not there",
            "put the archive back beside it",
        )
    mark = read_mark(file)
    if mark is not None and mark.state is MarkState.FAILED:
        yield note(
            "journal", "a write has failed in its last session", "see to the disk; the next start goes on"
        )
    yield machine.clock_sane(clock, after=last.recorded if last else 0, what="the journal's last event")


def _register() -> Iterator[Finding]:
    yield well("register", f"{runtime_folder()} is yours alone to write")


def _bridge(config: Config) -> Iterator[Finding]:
    name = config.session.name
    running = next((entry for entry in entries() if entry.name == name), None)
    if running is not None:
        yield note(
            "session", f"{name!r} runs already (pid {running.pid})", f"see how it is: tradekit doctor {name}"
        )
    elif config.websocket.enabled:
        yield machine.port_free(config.websocket.host, config.websocket.port)
    else:
        yield note(
            "port", "without a bridge nothing can attach, and only signals stop it", "websocket.enabled: true"
        )
    yield machine.open_files(config.websocket.max_clients if config.websocket.enabled else 0)


def _day(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%d %H:%M}"
