"""From the journal to the screen: a fill of a paper session until its row stands in a page.

An event carries the wall time at which it was written; the page notes the wall time at which its row appears (both this
machine's clock). Paint is not measured. Beside it: how late the page's own timer is, for where a machine is busy
otherwise no page could be quicker.
"""

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.screens import Screen, page_in_browser, panel, paper_session, streamlit, widget
from tradekit.core.open import open_journal

__all__ = ["main"]

RATES = (10, 100, 1_000)  # events a second, a quarter of them fills
WATCH_S = {10: 30.0, 100: 12.0, 1_000: 8.0}
WARM_S, LEAD_S = 2.0, 90.0
TIMER = """() => {
  globalThis.late = []
  let due = performance.now() + 20
  const tick = () => {
    globalThis.late.push(performance.now() - due)
    due = performance.now() + 20
    setTimeout(tick, 20)
  }
  setTimeout(tick, 20)
}"""
Row = dict[str, Any]
Show = Callable[[Path], AbstractContextManager[Screen]]


def core_seconds(process: psutil.Process) -> float:
    """What a process has used of the cores so far [s]."""
    times = process.cpu_times()
    return float(times.user + times.system)


def watched(screen: Screen, session: psutil.Process, rate: int) -> dict[str, Any]:
    """Look for a while: when each fill's row appeared [UTC ms] by its seq, the timer's lateness [ms], the cores."""
    with page_in_browser() as page:
        screen.show(page)
        page.evaluate(TIMER)
        time.sleep(WARM_S)
        page.evaluate(screen.note)
        began = time.monotonic()
        before = core_seconds(session), core_seconds(screen.server)
        time.sleep(WATCH_S[rate])
        seen: dict[str, int] = page.evaluate("() => globalThis.seen")
        after = core_seconds(session), core_seconds(screen.server)
        seconds = time.monotonic() - began
        late: list[float] = page.evaluate("() => globalThis.late")
    shares = [(b - a) / seconds for a, b in zip(before, after, strict=True)]
    return {
        "seen": {int(seq): at for seq, at in seen.items()},
        "late": late,
        "session": shares[0],
        "server": shares[1],
    }


def measured(show: Show, rate: int) -> Row:
    """One screen beside one rate."""
    with tempfile.TemporaryDirectory(prefix="tradekit-dom-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        bars = int((LEAD_S + WATCH_S[rate]) * rate / 4) + 100
        with paper_session(root, rate, bars) as (session, file):
            with show(root) as screen:
                found = watched(screen, session, rate)
            with open_journal(file) as journal:
                events = list(journal.events())
    written = {event.seq: event.recorded / 1e6 for event in events if event.type == "order.filled"}
    stood = {key for key in found["seen"] if key in written}
    fresh = sorted(stood)[100 if rate > 10 else 20 :]  # what stood there before, an observer may tell as new
    if not fresh:
        raise RuntimeError(f"no fill appeared on the {screen.name} at {rate} events/s")
    latencies = [found["seen"][seq] - written[seq] for seq in fresh]
    shown = len(fresh) / sum(fresh[0] <= seq <= fresh[-1] for seq in written)
    achieved = (fresh[-1] - fresh[0]) / (written[fresh[-1]] - written[fresh[0]]) * 1e3
    cuts, timer = statistics.quantiles(latencies, n=100), statistics.quantiles(found["late"], n=100)
    print(
        f"{screen.name}, {rate}: p50 {cuts[49]:.0f}, p99 {cuts[98]:.0f} of {len(fresh)}",
        file=sys.stderr,
        flush=True,
    )
    return {
        "name": f"fill to DOM: {screen.name}",
        "size": f"{achieved:,.0f} events/s, {len(fresh):,} fills",
        "ours": f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"
        + ("" if shown > 0.99 else f", {shown:.0%} shown"),
        "limit": f"timer p50 {timer[49]:.0f}, p99 {timer[98]:.0f} ms late; cores: session {found['session']:.0%}, "
        f"server {found['server']:.0%}",
        "ratio": None,
        "aim": "the peer" if show is streamlit else "p50 20 ms, p99 80 ms",
    }


def main() -> list[Row]:
    """The rows for the table."""
    screens: list[Show] = [panel, widget]
    if importlib.util.find_spec("streamlit") is None:
        sys.stderr.write("bench_event_to_dom: Streamlit is not installed; left out\n")
    else:
        screens.append(streamlit)
    return [measured(show, rate) for rate in RATES for show in screens]
