"""A session's metrics: counted where things happen, rendered as Prometheus text when asked.

Knows names and numbers only; what an event type or a queue means is the caller's business.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tradekit.core.clock import Clock, SystemClock

__all__ = ["SessionMetrics"]

_APPEND_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0)
_STEP_S = (0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)


class _Read(Collector):
    """A family whose samples are read when the page is."""

    def __init__(self, read: Callable[[], Metric]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield self._read()


class SessionMetrics:
    """One registry for one session, so that two in a process do not mix. Any thread."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._registry = CollectorRegistry()
        self._events = Counter(
            "tradekit_events", "Journaled events by type", ["type"], registry=self._registry
        )
        self._append = self._histogram("append", "From asking to durable, a journal append", _APPEND_S)
        self._step = self._histogram("step", "One step of the engine", _STEP_S)
        self._fold = self._histogram("fold", "Folding one event into the state", _STEP_S)
        self._gauges: dict[str, Gauge] = {}
        ProcessCollector(registry=self._registry)  # CPU seconds, memory, file descriptors, start time

    def event(self, type: str, count: int = 1) -> None:
        """Events of one type were journaled."""
        self._events.labels(type).inc(count)

    @contextlib.contextmanager
    def appending(self) -> Iterator[None]:
        """Time a journal append."""
        with self._timed(self._append):
            yield

    @contextlib.contextmanager
    def stepping(self) -> Iterator[None]:
        """Time a step of the engine."""
        with self._timed(self._step):
            yield

    @contextlib.contextmanager
    def folding(self) -> Iterator[None]:
        """Time the fold of an event."""
        with self._timed(self._fold):
            yield

    def step_took(self, seconds: float) -> None:
        """A step of the engine has been timed elsewhere [s]."""
        self._step.observe(seconds)

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Show `tradekit_<name>`, read when the page is asked for (a queue's depth, a loop's lag in seconds)."""
        gauge = self._gauges.get(name)
        if gauge is None:
            gauge = self._gauges[name] = Gauge(f"tradekit_{name}", help, registry=self._registry)
        gauge.set_function(read)

    def gauges(self, name: str, help: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Show `tradekit_<name>{label="..."}` for each item of a reading."""

        def family() -> Metric:
            made = GaugeMetricFamily(f"tradekit_{name}", help, labels=[label])
            for of, value in read().items():
                made.add_metric([of], value)
            return made

        self._registry.register(_Read(family))

    def counter(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Show `tradekit_<name>_total`, which somebody else counts; read when the page is asked for."""
        self._registry.register(_Read(lambda: CounterMetricFamily(f"tradekit_{name}", help, value=read())))

    def render(self) -> bytes:
        """Prometheus text (format 0.0.4)."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, help: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"tradekit_{name}_seconds", help, buckets=buckets, registry=self._registry)

    @contextlib.contextmanager
    def _timed(self, histogram: Histogram) -> Iterator[None]:
        begin = self._clock.monotonic()
        try:
            yield
        finally:
            histogram.observe(self._clock.monotonic() - begin)
