"""Reading an SQLite journal, in any process, while its writer writes or when nobody does.

Knows no writer; the writer reads its own file through the same code.
"""

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tradekit.core.archive import WholeRows
from tradekit.core.codec import decode_event
from tradekit.core.event import Event
from tradekit.core.journal import JournalReader, Verdict
from tradekit.core.sqlite_file import link
from tradekit.core.subject import fits, may_fit, tokens
from tradekit.errors import JournalCorruptError

__all__ = ["SqliteReader"]


class _Address(msgspec.Struct, frozen=True, gc=False):
    type: str
    key: str


_address = msgspec.json.Decoder(_Address)


class SqliteReader(JournalReader):
    """A journal file, read only. Raises NotFoundError, JournalError, VersionError or JournalCorruptError.

    A journal that is shorter than its watermark still opens here, so that what is left can be looked at;
    `verify` tells. What was pruned is read from the archive; without it such events raise NotFoundError.
    """

    def __init__(self, path: Path) -> None:
        self.rows = WholeRows(path)
        self.path = path

    @property
    def id(self) -> str:
        """The journal's random identity."""
        return self.rows.manifest.id

    @property
    def schema(self) -> int:
        """The version of the file's format."""
        return self.rows.manifest.schema

    @property
    def epoch(self) -> int:
        """How many times a writer has opened this journal."""
        return int(self.rows.main.one("SELECT max(epoch) FROM epochs") or 0)

    @property
    def last_seq(self) -> int:
        """The last durable seq, 0 when empty."""
        return int(self.rows.main.one("SELECT max(seq) FROM events") or 0)

    def events(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        *,
        subject: str | None = None,
        checked: bool = False,
    ) -> Iterator[Event]:
        """The durable events after `since` up to `until`; see the port."""
        wanted = None if types is None else frozenset(types)
        pattern = None if subject is None else tokens(subject)
        if wanted is None and pattern is None:
            return map(decode_event, self._payloads(since, until, checked=checked))
        if checked:
            payloads = self._payloads(since, until, checked=True)
        else:
            # Each type by its own walk of the index: seq order without sorting.
            tags = self._tags() if wanted is None else wanted
            walks = (
                self._of_type(tag, since, until)
                for tag in sorted(tags)
                if pattern is None or may_fit(pattern, tag)
            )
            payloads, wanted = (payload for _, payload in heapq.merge(*walks)), None
            if pattern is None:
                return map(decode_event, payloads)
        return _chosen(payloads, wanted, pattern)

    def payloads(self, since: int = 0, until: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable (seq, payload) pairs after `since` up to `until`."""
        for page in self.rows.pages("seq, payload", since, until):
            yield from page

    def at_time(self, ts: int) -> int:
        """The last seq whose session time is at or before `ts` [UTC ns]."""
        low, high = 0, self.last_seq  # session time only grows, so a binary search finds it
        while low < high:
            middle = (low + high + 1) // 2
            time = self.rows.time_at(middle)
            low, high = (middle, high) if time is not None and time <= ts else (low, middle - 1)
        return low

    def verify(self) -> Verdict:
        """Read everything and compare it with what the journal claims."""
        from tradekit.core.verify import verify_file

        return verify_file(self.path)

    def check(self, since: int) -> None:
        """Hold the chain of the durable events after `since` together; across a missing archive, by its tombstone.

        Raises JournalCorruptError at the first break.
        """
        run = self.rows.run_of(since) if since > 0 else None
        since = since if run is None else run.last
        for first, last, run in self.rows.spans(since, None):
            if run is None or self.rows.archive() is not None:
                for _ in self._checked(first, last):
                    pass

    def close(self) -> None:
        """Let go of the files."""
        self.rows.close()

    def _tags(self) -> set[str]:
        """The types of all events, asked of the events themselves, a hop of the index each."""
        found: set[str] = set()
        for rows in (self.rows.main, self.rows.archive() if self.rows.runs() else None):
            tag = "" if rows is None else rows.one("SELECT min(type) FROM events")
            while rows is not None and tag is not None:
                found.add(tag)
                tag = rows.one("SELECT min(type) FROM events WHERE type > ?", tag)
        return found

    def _of_type(self, tag: str, since: int, until: int | None) -> Iterator[tuple[int, bytes]]:
        for page in self.rows.pages("seq, payload", since, until, "type = ? AND", tag):
            yield from page

    def _payloads(self, since: int, until: int | None, *, checked: bool) -> Iterator[bytes]:
        if checked:
            yield from self._checked(since, until)
            return
        for page in self.rows.pages("seq, payload", since, until):
            for _, payload in page:
                yield payload

    def _checked(self, since: int, until: int | None) -> Iterator[bytes]:
        expected = max(since, 0)
        chain = self.rows.link_at(expected)
        for page in self.rows.pages("seq, payload, chain", expected, until):
            for seq, payload, stored in page:
                expected += 1
                sound = isinstance(payload, bytes) and isinstance(chain, bytes)  # a flip may change a type
                chain = link(chain, payload) if sound and chain else None
                if seq != expected or chain is None or chain != stored:
                    raise JournalCorruptError(
                        f"{self.path.name} is damaged at seq {expected}: the hash chain does not hold; "
                        f"run: tradekit journal verify {self.path.name}"
                    )
                yield payload


def _chosen(
    payloads: Iterable[bytes], wanted: frozenset[str] | None, pattern: list[str] | None
) -> Iterator[Event]:
    for payload in payloads:
        address = _address.decode(payload)
        if wanted is not None and address.type not in wanted:
            continue
        subject = f"{address.type}.{address.key}" if address.key else address.type
        if pattern is None or fits(pattern, subject.split(".")):
            yield decode_event(payload)
