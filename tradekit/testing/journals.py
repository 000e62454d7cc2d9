"""What every journal must do, whatever it is made of: the tests of a backend inherit `JournalContract`.

Needs pytest and Hypothesis (the extra `testing`). Knows no backend; one that stores anything is at rest after `close`.

    class TestMyJournal(JournalContract):
        @pytest.fixture
        def journal(self, clock):
            with MyJournal(clock=clock) as journal:
                yield journal
"""

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.core.clock import ManualClock
from tradekit.core.codec import encode_event
from tradekit.core.event import Event, Fact
from tradekit.core.journal import Ack, Journal, Stored
from tradekit.errors import JournalError
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import OrderFilled, Side
from tradekit.model.session import RiskChanged

__all__ = ["FACTS", "INT64", "START", "JournalContract", "bar", "fill", "mark"]

START = 1_700_000_000_000_000_000


def mark(seq: int, *, ts: int = START, last: float = 100.0, cause: int = 0, key: str = "BTCUSDT") -> Event:
    """A mark of an instrument, in its envelope: not critical."""
    return Event(seq, 0, ts, 0, "mark.updated", 1, cause, key, MarkUpdated(key, last))


def bar(seq: int, *, ts: int = START) -> Event:
    """A closed bar of 15 minutes, in its envelope: not critical."""
    data = Bar("BTCUSDT", "15m", ts - 900_000_000_000, 1.0, 2.0, 0.5, 1.5, 10.0)
    return Event(seq, 0, ts, 0, "bar.closed", 1, 0, data.key, data)


def fill(seq: int, *, price: str = "100.25", cause: int = 0) -> Event:
    """An execution, in its envelope: critical."""
    data = OrderFilled(
        id="sma-1",
        instrument="BTCUSDT",
        strategy="sma",
        account="main",
        exec_id=f"x-{seq}",
        side=Side.BUY,
        qty=Decimal("0.00000001"),
        price=Decimal(price),
        fee=Decimal("0.01"),
        fee_currency="USD",
    )
    return Event(seq, 0, START, 0, "order.filled", 1, cause, data.key, data)


FACTS = st.one_of(
    st.builds(
        MarkUpdated,
        st.text(min_size=1, max_size=12),
        st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.builds(
        RiskChanged, st.booleans(), st.booleans(), st.booleans(), st.text(max_size=40), st.text(max_size=9)
    ),
    st.builds(
        OrderFilled,
        *[st.text(max_size=8)] * 5,
        st.sampled_from(Side),
        *[st.decimals(allow_nan=False, allow_infinity=False)] * 3,
        st.text(max_size=4),
    ),
)
INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
# Examples follow each other in one journal, and each backend's class runs them: both by design.
BY_DESIGN = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
STEPS = st.lists(st.lists(st.tuples(FACTS, INT64, st.booleans()), min_size=1, max_size=5), max_size=8)


class JournalContract:
    """Inherit, and provide a `journal` fixture that is new, empty, on `clock`, and closed afterwards."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(START)

    @pytest.fixture
    def journal(self, clock: ManualClock) -> Iterator[Journal]:
        raise NotImplementedError

    def test_a_new_journal_is_empty_and_has_an_identity(self, journal: Journal) -> None:
        assert (journal.last_seq, journal.durable_seq, journal.epoch) == (0, 0, 1)
        assert len(bytes.fromhex(journal.id)) == 8
        assert list(journal.events()) == []
        assert journal.at_time(START) == 0
        assert journal.verify().ok
        assert journal.failure is None

    def test_an_append_stamps_the_epoch_and_the_time_of_writing(
        self, journal: Journal, clock: ManualClock
    ) -> None:
        clock.advance(2.5)
        (stored,) = journal.append([mark(1)], critical=True)
        assert (stored.event.seq, stored.event.epoch, stored.event.recorded) == (1, 1, START + 2_500_000_000)
        assert stored.payload == encode_event(stored.event)

    def test_what_was_written_is_read_back(self, journal: Journal) -> None:
        steps = [
            journal.append([mark(1), fill(2, cause=1)], critical=True),
            journal.append([bar(3)], critical=True),
        ]
        stored = [row for step in steps for row in step]
        assert list(journal.events()) == [row.event for row in stored]
        assert list(journal.payloads()) == [(row.event.seq, row.payload) for row in stored]

    def test_reading_is_after_since_up_to_until_and_by_type(self, journal: Journal) -> None:
        for seq in range(1, 10, 3):
            journal.append([mark(seq), bar(seq + 1), fill(seq + 2)], critical=True)
        seqs = [e.seq for e in journal.events(2, 8)]
        assert seqs == [3, 4, 5, 6, 7, 8]
        assert [seq for seq, _ in journal.payloads(7)] == [8, 9]
        assert [e.seq for e in journal.events(types=["order.filled", "mark.updated"])] == [1, 3, 4, 6, 7, 9]
        assert [e.seq for e in journal.events(3, 8, ["bar.closed"], checked=True)] == [5, 8]
        assert [e.seq for e in journal.events(subject="*.*.BTCUSDT")] == [1, 3, 4, 6, 7, 9]
        assert [e.seq for e in journal.events(1, 8, subject="bar.closed.>", checked=True)] == [2, 5, 8]
        assert [e.seq for e in journal.events(types=["bar.closed"], subject="*.*.BTCUSDT")] == []
        assert list(journal.events(types=["order.canceled"])) == []
        assert list(journal.events(9)) == []

    @pytest.mark.parametrize("seqs", [[2], [0], [1, 3], [1, 1], [-1]])
    def test_a_wrong_seq_is_refused_and_nothing_is_written(self, journal: Journal, seqs: list[int]) -> None:
        with pytest.raises(JournalError, match="proposes seq"):
            journal.append([mark(seq) for seq in seqs], critical=True)
        assert journal.last_seq == 0
        journal.append([mark(1)], critical=True)

    @pytest.mark.parametrize("cause", [2, 3, -1])
    def test_a_cause_comes_before_its_effect(self, journal: Journal, cause: int) -> None:
        with pytest.raises(JournalError, match="cause"):
            journal.append([mark(1), mark(2, cause=cause)], critical=True)
        assert journal.last_seq == 0

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
    def test_a_number_that_is_not_finite_is_refused_and_nothing_is_written(
        self, journal: Journal, bad: float
    ) -> None:
        for append in (journal.append, journal.append_async):
            with pytest.raises(JournalError, match="finite"):
                append([mark(1), mark(2, last=bad)], critical=True)
        with pytest.raises(JournalError, match="finite"):
            journal.append([fill(1, price=str(bad))], critical=False)
        journal.flush()
        assert list(journal.payloads()) == []
        assert journal.failure is None
        assert journal.append([mark(1)], critical=True)[0].event.seq == 1

    @pytest.mark.parametrize(
        "event",
        [
            Event(1, 0, 1 << 63, 0, "mark.updated", 1, 0, "X", MarkUpdated("X", 1.0)),
            Event(1, 0, 0, 0, 'order."quoted"', 1, 0, "X", MarkUpdated("X", 1.0)),
            Event(1, 0, 0, 0, "", 1, 0, "X", MarkUpdated("X", 1.0)),
            Event(1, 0, 0, 0, "mark.updated", 1, 0, "\ud800", MarkUpdated("X", 1.0)),
        ],
    )
    def test_what_could_not_be_read_back_is_refused(self, journal: Journal, event: Event) -> None:
        with pytest.raises(JournalError):
            journal.append([event], critical=True)
        assert (journal.last_seq, journal.failure) == (0, None)

    def test_an_empty_step_writes_nothing(self, journal: Journal) -> None:
        assert journal.append([], critical=True) == ()
        assert journal.append_async([], critical=True).done()
        assert journal.last_seq == 0

    def test_a_critical_append_makes_everything_before_it_durable(self, journal: Journal) -> None:
        for seq in range(1, 51):
            journal.append([mark(seq)], critical=False)
        journal.append([fill(51)], critical=True)
        assert journal.durable_seq == 51
        assert [e.seq for e in journal.events()] == list(range(1, 52))

    def test_flush_makes_the_buffered_durable(self, journal: Journal) -> None:
        journal.append([mark(1), mark(2)], critical=False)
        journal.flush()
        assert journal.durable_seq == journal.last_seq == 2

    def test_an_awaited_append_is_durable(self, journal: Journal) -> None:
        async def session() -> None:
            for seq in range(1, 20):
                stored = await journal.append_async([mark(seq)], critical=True)
                assert journal.durable_seq >= stored[0].event.seq == seq
            acks = [journal.append_async([mark(seq)], critical=True) for seq in range(20, 400)]
            results = await asyncio.gather(*(_wait(ack) for ack in acks))
            assert [row.event.seq for (row,) in results] == list(range(20, 400))
            assert all(ack.done() for ack in acks)

        asyncio.run(session())
        assert journal.durable_seq == 399

    def test_who_stops_waiting_does_not_stop_the_commit(self, journal: Journal) -> None:
        complaints: list[object] = []

        async def session() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
            task = asyncio.ensure_future(_wait(journal.append_async([mark(1)], critical=True)))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            ack = journal.append_async([mark(2)], critical=True)
            assert ack.result(10) == ack.stored == await ack  # once done, always done

        asyncio.run(session())
        assert journal.durable_seq == 2
        assert complaints == []

    def test_callbacks_hear_each_commit_once_and_in_order_while_many_append(self, journal: Journal) -> None:
        heard: list[Stored] = []
        durable_when_told: list[bool] = []
        turn = threading.Lock()

        def hear(rows: tuple[Stored, ...]) -> None:
            durable_when_told.append(journal.durable_seq >= rows[-1].event.seq)
            heard.extend(rows)

        journal.on_commit(hear)

        def write(critical: bool) -> None:
            for _ in range(150):
                with turn:  # numbering is the caller's: one loop thread in a session, a lock here
                    step = [mark(journal.last_seq + 1), mark(journal.last_seq + 2)]
                    ack = journal.append_async(step, critical=critical)
                assert ack.result(10) == ack.stored

        threads = [threading.Thread(target=write, args=(critical,)) for critical in (True, True, False, True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        journal.flush()
        assert [row.event.seq for row in heard] == list(range(1, 1201))
        assert [(row.event.seq, row.payload) for row in heard] == list(journal.payloads())
        assert all(durable_when_told)

    def test_a_failing_callback_does_not_fail_the_commit(
        self, journal: Journal, caplog: pytest.LogCaptureFixture
    ) -> None:
        heard: list[int] = []
        journal.on_commit(lambda rows: 1 / 0)  # type: ignore[arg-type]
        journal.on_commit(lambda rows: heard.append(rows[-1].event.seq))
        journal.append([mark(1)], critical=True)
        assert heard == [1]
        assert "the commit stands" in caplog.text

    def test_at_time_follows_the_running_maximum_of_ts(self, journal: Journal) -> None:
        for seq, ts in enumerate([10, 30, 20, 30, 50, 40, 60], 1):
            journal.append([mark(seq, ts=ts)], critical=False)
        journal.flush()
        answers = {ts: journal.at_time(ts) for ts in (-5, 9, 10, 25, 29, 30, 49, 50, 59, 60, 99)}
        assert answers == {-5: 0, 9: 0, 10: 1, 25: 1, 29: 1, 30: 4, 49: 4, 50: 6, 59: 6, 60: 7, 99: 7}

    def test_a_closed_journal_takes_nothing_more(self, journal: Journal) -> None:
        journal.append([mark(1)], critical=False)
        journal.close()
        journal.close()
        for append in (journal.append, journal.append_async):
            with pytest.raises(JournalError, match="closed"):
                append([mark(2)], critical=True)

    @settings(max_examples=25, deadline=None, suppress_health_check=BY_DESIGN)
    @given(steps=STEPS)
    def test_any_history_is_given_back_as_it_came(
        self, journal: Journal, steps: list[list[tuple[Fact, int, bool]]]
    ) -> None:
        base = journal.last_seq
        written: list[Stored] = []
        for step in steps:
            seq = journal.last_seq
            events = [
                Event(seq + i, 0, ts, 0, fact.TYPE, fact.V, 0, fact.key, fact)
                for i, (fact, ts, _) in enumerate(step, 1)
            ]
            written += journal.append(events, critical=step[0][2])
        journal.flush()
        assert list(journal.payloads(base)) == [(row.event.seq, row.payload) for row in written]
        assert list(journal.events(base, checked=True)) == [row.event for row in written]
        verdict = journal.verify()
        assert (verdict.ok, verdict.last_seq, verdict.problems) == (True, base + len(written), [])


async def _wait(ack: Ack) -> tuple[Stored, ...]:
    return await ack
