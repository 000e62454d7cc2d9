"""The session's own process: everything put together, served, run until it is told to stop, and put away.

Knows signals, threads and files; the trading is elsewhere.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
from prometheus_client import disable_created_metrics

from tradekit.bridge.access import write_token_file
from tradekit.bridge.server import Bridge
from tradekit.client.registry import Entry, entries, register, runtime_folder
from tradekit.config.schema import Config
from tradekit.core.bus import Bus
from tradekit.core.clock import Clock, SystemClock, new_token
from tradekit.core.journal import Stored
from tradekit.core.redact import secrets
from tradekit.errors import ConfigError
from tradekit.health.finding import Grade
from tradekit.health.machine import port_free
from tradekit.health.metrics import SessionMetrics
from tradekit.health.streams import CleanStreams
from tradekit.health.supervisor import Supervised
from tradekit.health.tracebacks import Tracebacks
from tradekit.health.watchdog import LoopLag, StepWatch
from tradekit.model.session import HandlerFailed
from tradekit.run.emergency import Emergency
from tradekit.run.last_line import LastLine
from tradekit.run.loop import Asked, Loop
from tradekit.run.own_thread import OwnThread
from tradekit.strategy.declaration import declaration
from tradekit.trading.client_ids import is_ours
from tradekit.wiring.alerts import Alerts
from tradekit.wiring.attendance import attend
from tradekit.wiring.bridge import address, make_bridge
from tradekit.wiring.build import CONFIG_USER, Parts, build
from tradekit.wiring.daily import DayEnds
from tradekit.wiring.logbook import Logbook
from tradekit.wiring.market import feed_of, taken
from tradekit.wiring.meters import hang_meters
from tradekit.wiring.one_account import one_session
from tradekit.wiring.signals import Signals
from tradekit.wiring.snapshots import Snapshots
from tradekit.wiring.source import SessionSource

__all__ = ["run_session"]

_log = logging.getLogger("tradekit.session")
_SWITCH_S = 0.0005  # a commit beside a busy thread waits this long for the interpreter, not 5 ms


def run_session(
    config: Config, *, announce: Callable[[dict[str, Any]], None], clock: Clock | None = None
) -> int:
    """Run the session of `config` in this process until SIGTERM, Ctrl-C or a stop command; returns the exit code.

    `announce` is called once with session, pid, uri, journal and token_file when clients can attach. Raises what
    `build` raises, and ConfigError when the port cannot be had; nothing is left behind then.
    """
    sys.setswitchinterval(_SWITCH_S)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a time beside each counter says nothing here
    clock = clock or SystemClock()
    if config.websocket.enabled:
        _check_name(config.session.name)
        _check_port(config.websocket.host, config.websocket.port)
    with CleanStreams(), Tracebacks(), one_session(config, clock):
        parts = build(config, clock=clock)
        try:
            return asyncio.run(_host(parts, clock, announce))
        finally:
            parts.journal.close()


async def _host(parts: Parts, clock: Clock, announce: Callable[[dict[str, Any]], None]) -> int:
    config, running = parts.config, asyncio.get_running_loop()
    metrics = SessionMetrics(clock=clock)
    source = SessionSource(parts.journal, parts.store, metrics, measured=config.monitoring.metrics)
    source.declared = lambda: declaration(parts.execution.engine.strategy)
    source.studied = lambda: parts.execution.engine.series.studies()
    bus = Bus(
        max_history=config.event_bus.max_history,
        on_error=lambda handler, subject, error: _handler_failed(loop, handler, subject, error),
        on_handover=lambda: running.call_soon_threadsafe(bus.drain),
    )
    alerts = Alerts(config, parts.journal, clock)
    source.unreached = lambda: alerts.failing
    signals = Signals(clock)
    watch = _MeasuredSteps(
        clock,
        metrics,
        deadline_s=config.session.step_deadline_s,
        on_stuck=lambda s: _stuck(source, alerts, signals, s),
    )
    token = new_token()
    secrets.add(token)
    bridge = make_bridge(config, source, token, clock=clock) if config.websocket.enabled else None
    snapshots = Snapshots(parts, clock)
    loop = _loop(parts, clock, metrics, bus, watch, bridge, source, snapshots, alerts)
    with contextlib.ExitStack() as stack:
        stack.callback(alerts.begin(bus).close)
        stack.enter_context(Logbook(lambda: parts.store.state).kept(bus))
        stack.enter_context(Tracebacks())
        stack.callback(source.close)
        stack.enter_context(watch)
        lag = LoopLag()
        stack.callback(lag.stop)
        hang_meters(metrics, parts, bus, loop, lag, bridge, clock)
        if config.alerts.targets:
            metrics.gauges(
                "alerts_waiting", "Messages that have not been sent", "target", lambda: alerts.waiting
            )
            metrics.gauges("alerts_sent", "Messages that have been sent", "target", lambda: alerts.sent)
        if bridge is not None:
            stack.enter_context(_served(config, source, bridge, token, loop))
            if config.dead_man.clients is not None:
                stats = bridge.stats
                stack.callback(asyncio.create_task(attend(lambda: stats()["clients"], loop.note)).cancel)
        stack.enter_context(signals.heard(loop.stop))
        announce(_announcement(parts, bridge))
        stack.enter_context(Supervised(lambda: _standing(parts)))
        timer = asyncio.create_task(snapshots.keep())
        stack.callback(timer.cancel)
        if config.monitoring.daily_report is not None:
            stack.callback(asyncio.create_task(DayEnds(config, parts.store).keep()).cancel)
        _apply_changes(parts, loop)
        await loop.run(parts.opened)
    _log.info("session %s closed", config.session.name)
    return 0


# --- pieces -------------------------------------------------------------------------------------------------


def _loop(
    parts: Parts,
    clock: Clock,
    metrics: SessionMetrics,
    bus: Bus,
    watch: StepWatch,
    bridge: Bridge | None,
    source: SessionSource,
    snapshots: Snapshots,
    alerts: Alerts,
) -> Loop:
    config = parts.config

    def tell(stored: tuple[Stored, ...]) -> None:
        for one in stored:
            metrics.event(one.event.type)
            bus.publish(one.event)

    ticks = bridge.ticks if bridge is not None and config.market_data.ticks else None
    state, note = parts.store.state, _emergency(config, clock).note

    def alarm(reason: str) -> None:
        source.fail(reason)
        alerts.alarm(reason)

    return Loop(
        parts.execution,
        parts.journal,
        feed_of(parts.market, config, clock, ticks),
        clock=clock,
        gate=parts.gate,
        watch=watch,
        feed_after=taken(parts.market, state, warmup=config.market_data.warmup_bars),
        on_snapshot=snapshots.write,
        tell=tell,
        step_deadline_s=config.session.step_deadline_s,
        appending=metrics.appending,
        alarm=alarm,
        emergency=note,
        last_line=_last_line(parts, clock, note),
        latch=parts.latch,
    )


class _MeasuredSteps(StepWatch):
    """The step watch, counted in the metrics too."""

    def __init__(
        self, clock: Clock, metrics: SessionMetrics, *, deadline_s: float, on_stuck: Callable[[float], None]
    ) -> None:
        super().__init__(clock, deadline_s=deadline_s, on_stuck=on_stuck)
        self._metrics = metrics

    def end(self) -> float:
        """The step has ended; how long it took [s]."""
        took = super().end()
        self._metrics.step_took(took)
        return took


def _last_line(parts: Parts, clock: Clock, note: Callable[..., object]) -> LastLine | None:
    """Past the loop to a broker that has a thread of its own; what is in the house ends with the session."""
    own = getattr(parts.execution, "broker", None)
    if not isinstance(own, OwnThread):
        return None
    wait_s = parts.config.reconciliation.answer_s
    ours = partial(is_ours, parts.journal.id)
    return LastLine(own.broker, own.start, ours, clock=clock, note=note, wait_s=wait_s)


def _emergency(config: Config, clock: Clock) -> Emergency:
    """Beside the journal, or where the register is if that disk has failed."""
    beside = config.folder if config.journal is None else config.journal.parent
    name = f"{config.session.name}.emergency"
    return Emergency([beside / name, runtime_folder() / name], clock)


def _check_name(name: str) -> None:
    """Before anything is touched: no other session has this name."""
    for entry in entries():
        if entry.name == name:
            raise ConfigError(
                f"a session named {name!r} runs already (pid {entry.pid}, {entry.uri}): stop it (tradekit stop "
                f"{name}), attach to it (tk.connect({name!r})), or give this one another session.name"
            )


def _check_port(host: str, port: int) -> None:
    """Before anything is touched: the port is free."""
    found = port_free(host, port)
    if found.grade is Grade.WRONG:
        raise ConfigError(f"websocket.port: {found.said}; {found.remedy}")


@contextlib.contextmanager
def _served(config: Config, source: SessionSource, bridge: Bridge, token: str, loop: Loop) -> Iterator[None]:
    """The session in the register, its token where clients find it, the bridge open: in this order, until the end.

    So no other session's token is overwritten, and no client of an earlier life is met with the token of that one.
    """
    source.publish, source.loop = bridge.publish, loop
    entry = Entry(
        name=config.session.name,
        uri="",
        pid=os.getpid(),
        started=SystemClock().now(),
        journal=str(config.journal or ""),
        token_file=str(config.token_file),
        mode=config.session.mode,
        folder=str(config.folder),
        reconnect_interval=config.websocket.reconnect_interval,
        certificate=str(config.path(config.websocket.tls_cert)) if config.websocket.tls_cert else "",
    )
    with contextlib.ExitStack() as stack:
        registration = stack.enter_context(register(entry))
        config.folder.mkdir(parents=True, exist_ok=True)
        write_token_file(config.token_file, token)
        stack.callback(config.token_file.unlink, missing_ok=True)
        stack.callback(bridge.close)
        bridge.start()
        registration.update(msgspec.structs.replace(entry, uri=address(config, bridge)))
        yield


def _announcement(parts: Parts, bridge: Bridge | None) -> dict[str, Any]:
    config = parts.config
    return {
        "session": config.session.name,
        "pid": os.getpid(),
        "uri": address(config, bridge) if bridge is not None else None,
        "journal": str(config.journal) if config.journal is not None else None,
        "token_file": str(config.token_file) if bridge is not None else None,
    }


def _apply_changes(parts: Parts, loop: Loop) -> None:
    """What was said between two lives takes effect once it runs: a kill, and parameters that the file has changed."""
    from concurrent.futures import Future

    killed = parts.latch.read() if parts.latch is not None else None
    if killed is not None:
        loop.ask_later(Asked("kill", {"reason": killed.reason}, killed.user, Future()))
    if parts.changed:
        loop.ask_later(Asked("set_param", {"values": parts.changed}, CONFIG_USER, Future()))


def _standing(parts: Parts) -> str:
    """How the session is, in a line."""
    state = parts.execution.engine.state
    risk = state.risk
    power = next((word for word in ("killed", "halted", "armed") if getattr(risk, word)), "disarmed")
    return f"{state.session.name}: {state.session.mode}, {power}, #{state.seq:,}"


def _stuck(source: SessionSource, alerts: Alerts, signals: Signals, seconds: float) -> None:
    if seconds and not source.stuck:
        alerts.alarm(f"a step has been running for {seconds:.0f} s: the session takes nothing else meanwhile")
    source.stuck = f"a step has been running for {seconds:.0f} s" if seconds else ""
    signals.hangs(seconds)


def _handler_failed(loop: Loop, handler: str, subject: str, error: Exception) -> None:
    _log.error("handler %s failed on %s: %s", handler, subject, error)
    if not subject.startswith("error.handler"):
        loop.note(HandlerFailed(handler, subject, f"{type(error).__name__}: {error}"))
