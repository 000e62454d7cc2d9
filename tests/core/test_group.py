import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from tests.core.journal_contract import mark
from tests.interleaved import interleavings
from tradekit.core import group as group_module
from tradekit.core.group import GroupCommit
from tradekit.core.step import Ack, Group, Stored, stamp
from tradekit.errors import JournalError

BOUND_S = 30.0


class Disk:
    """A disk that writes and commits when it is let: it remembers its commits, how they came, and who made them."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.writes: list[list[int]] = []  # what came before the last rows of a commit
        self.writing: Callable[[], object] = lambda: None  # what happens meanwhile
        self._open: list[int] = []
        self.threads: list[str] = []
        self.tidied = 0
        self.untidy = False
        self.broken: BaseException | None = None
        self.broken_tidy: BaseException | None = None
        self.failures: list[JournalError] = []
        self.failed = threading.Event()
        self.tidy_done = threading.Event()
        self.busy = threading.Event()
        self.free = threading.Event()
        self.free.set()

    def write(self, rows: Sequence[Stored]) -> None:
        if self.broken is not None:
            raise self.broken
        self.writes.append([row.event.seq for row in rows])
        self._open += self.writes[-1]
        self.writing()

    def commit(self, rows: Sequence[Stored]) -> bool:
        self.busy.set()
        assert self.free.wait(BOUND_S)
        if self.broken is not None:
            raise self.broken
        self.commits.append([*self._open, *(row.event.seq for row in rows)])
        self._open.clear()
        self.threads.append(threading.current_thread().name)
        return self.untidy

    def tidy(self) -> None:
        if self.broken_tidy is not None:
            raise self.broken_tidy
        self.tidied += 1
        self.untidy = False
        self.tidy_done.set()

    def fail(self, error: JournalError) -> None:
        self.failures.append(error)
        self.failed.set()


class Writer:
    """Steps put one after the other into a group commit on a `Disk`."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.group = GroupCommit(
            durable_seq=0, write=disk.write, commit=disk.commit, tidy=disk.tidy, failed=disk.fail
        )
        self.seq = 0

    def put(self, events: int = 1, *, critical: bool = True, wake: bool = True) -> Ack:
        first = self.seq + 1
        step = stamp([mark(first + i) for i in range(events)], self.seq, 1, 0)
        ack = self.group.put(step, critical, wake)
        self.seq += events
        return ack


@pytest.fixture
def writer() -> Writer:
    return Writer(Disk())


def hang(writer: Writer) -> None:
    """Have a commit of seq 1 under way that does not end."""
    writer.disk.free.clear()
    writer.put()
    assert writer.disk.busy.wait(BOUND_S)


def test_what_queued_during_a_commit_is_the_next_group(writer: Writer) -> None:
    hang(writer)
    acks = [writer.put(3) for _ in range(5)]
    writer.disk.free.set()
    assert [len(ack.result(BOUND_S)) for ack in acks] == [3] * 5
    writer.group.close()
    assert writer.disk.commits == [[1], list(range(2, 17))]


def test_what_comes_while_a_group_is_written_goes_with_it(writer: Writer) -> None:
    late: list[Ack] = []

    def come() -> None:
        if len(late) < 3:
            late.append(writer.put(2, wake=False))

    writer.disk.writing = come
    writer.put(wake=False)
    writer.put(wake=False)
    writer.group.settle(2)
    assert writer.disk.writes == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert writer.disk.commits == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert all(ack.done() for ack in late)
    writer.group.close()


def test_a_lone_step_waits_for_nobody(writer: Writer) -> None:
    writer.put(5, wake=False)
    writer.group.settle(5)
    assert (writer.disk.writes, writer.disk.commits) == ([], [[1, 2, 3, 4, 5]])
    writer.group.close()


def test_a_group_that_is_full_while_it_is_written_takes_no_more(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "MAX_STEPS", 4)
    writer.disk.writing = lambda: [writer.put(wake=False) for _ in range(3)]
    writer.put(wake=False)
    writer.put(wake=False)
    writer.group.settle(2)
    assert (writer.disk.writes, writer.disk.commits) == ([[1, 2]], [[1, 2, 3, 4]])
    writer.group.close()
    assert writer.disk.commits == [[1, 2, 3, 4], [5]]


def test_who_comes_while_a_write_fails_is_told_too(writer: Writer) -> None:
    late: list[Ack] = []

    def fail() -> None:
        late.append(writer.put(wake=False))
        raise OSError("no space left")

    writer.disk.writing = fail
    early = [writer.put(wake=False), writer.put(wake=False)]
    with pytest.raises(JournalError, match="no space left"):
        writer.group.settle(2)
    for ack in (*early, *late):
        with pytest.raises(JournalError, match="no space left"):
            ack.result(BOUND_S)
    assert (writer.group.durable_seq, len(writer.disk.failures)) == (0, 1)
    writer.group.close()


def test_a_group_has_so_many_steps_at_most_and_none_is_split(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "MAX_STEPS", 4)
    hang(writer)
    for _ in range(10):
        writer.put(2)
    writer.disk.free.set()
    writer.group.close()
    assert [len(commit) for commit in writer.disk.commits] == [1, 8, 8, 4]
    assert [seq for commit in writer.disk.commits for seq in commit] == list(range(1, 22))


def test_a_group_is_never_waited_for(writer: Writer) -> None:
    for seq in range(1, 21):
        writer.put().result(BOUND_S)
        assert writer.group.durable_seq == seq
    writer.group.close()
    assert writer.disk.commits == [[seq] for seq in range(1, 21)]


def test_a_caller_that_finds_the_writer_idle_commits_itself(writer: Writer) -> None:
    ack = writer.put(wake=False)
    assert not ack.done()
    writer.group.settle(1)
    assert ack.done()
    assert writer.disk.threads == [threading.current_thread().name]
    writer.group.close()


def test_a_caller_that_finds_a_commit_under_way_waits_and_takes_the_rest(writer: Writer) -> None:
    hang(writer)
    writer.put(critical=False)
    writer.put(wake=False)
    settled = threading.Thread(target=writer.group.settle, args=(3,))
    settled.start()
    writer.disk.free.set()
    settled.join(BOUND_S)
    assert not settled.is_alive()
    assert writer.group.durable_seq == 3
    writer.group.close()
    assert [seq for commit in writer.disk.commits for seq in commit] == [1, 2, 3]


def test_buffered_steps_behind_a_full_group_are_committed_too(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "MAX_STEPS", 1)
    told = threading.Event()
    writer.group.add_callback(lambda rows: told.set() if rows[-1].event.seq == 2 else None)
    writer.put(wake=False)
    writer.put(critical=False)
    writer.group.settle(1)
    assert told.wait(BOUND_S)
    writer.group.close()


def test_housekeeping_waits_until_nothing_else_does(writer: Writer) -> None:
    writer.disk.untidy = True
    writer.put().result(BOUND_S)
    assert writer.disk.tidy_done.wait(BOUND_S)
    writer.group.close()
    assert (writer.disk.tidied, writer.disk.commits) == (1, [[1]])


def test_a_failed_commit_fails_its_group_and_all_behind_it(writer: Writer) -> None:
    hang(writer)
    acks = [writer.put(), writer.put(critical=False), writer.put()]
    writer.disk.broken = OSError("no space left")
    writer.disk.free.set()
    for ack in (acks[0], acks[2]):
        with pytest.raises(JournalError, match="no space left"):
            ack.result(BOUND_S)
    for refused in (writer.put, writer.group.flush):
        with pytest.raises(JournalError, match="closed for writing after seq 0"):
            refused()
    writer.group.close()
    assert (writer.disk.commits, len(writer.disk.failures)) == ([], 1)


def test_failed_housekeeping_closes_the_journal_too(writer: Writer) -> None:
    writer.disk.untidy = True
    writer.disk.broken_tidy = OSError("input/output error")
    writer.put().result(BOUND_S)
    assert writer.disk.failed.wait(BOUND_S)
    with pytest.raises(JournalError, match="input/output error"):
        writer.put()
    writer.group.close()
    assert writer.disk.commits == [[1]]


def test_an_interrupt_during_a_commit_is_passed_on_and_closes_the_journal(writer: Writer) -> None:
    writer.disk.broken = KeyboardInterrupt()
    writer.put(wake=False)
    with pytest.raises(KeyboardInterrupt):
        writer.group.settle(1)
    with pytest.raises(JournalError, match="KeyboardInterrupt"):
        writer.put()
    writer.group.close()


def test_a_wait_may_be_bounded(writer: Writer) -> None:
    hang(writer)
    ack = writer.put()
    with pytest.raises(TimeoutError, match="it may still do so"):
        ack.result(0.01)
    writer.disk.free.set()
    assert ack.result(BOUND_S)
    writer.group.close()


def test_a_closed_loop_does_not_disturb_the_writer(writer: Writer) -> None:

    async def give_up(ack: Ack) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_wait(ack), 0.01)

    hang(writer)
    ack = writer.put()
    asyncio.run(give_up(ack))
    writer.disk.free.set()
    assert ack.result(BOUND_S)
    writer.group.close()


async def _wait(ack: Ack) -> object:
    return await ack


def test_a_loop_that_closes_as_a_group_is_told_keeps_it_from_nobody() -> None:
    class Waited:
        """A group that a loop waits for, and a thread."""

        def __init__(self) -> None:
            self.group, self.loop = Group(), asyncio.new_event_loop()
            self.loop.run_until_complete(self._wait())
            self.told = threading.Event()
            threading.Thread(target=self._wait_here, daemon=True).start()

        async def _wait(self) -> None:
            self.group.waiter()

        def _wait_here(self) -> None:
            if self.group.wait(BOUND_S):
                self.told.set()

    for waited in interleavings(
        Waited, lambda it: it.group.resolve(), lambda it: it.loop.close(), within="core/step.py"
    ):
        assert waited.told.wait(BOUND_S)
