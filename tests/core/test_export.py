import builtins
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.core.journal_contract import START, bar, fill, mark
from tradekit.core.export import chosen, write_jsonl, write_parquet
from tradekit.core.memory import MemoryJournal
from tradekit.errors import ConfigError


@pytest.fixture
def journal() -> MemoryJournal:
    journal = MemoryJournal()
    journal.append([mark(1), fill(2, cause=1), bar(3), mark(4, key="ETHUSDT")], critical=True)
    return journal


def seqs(journal: MemoryJournal, **choice: Any) -> list[int]:
    out = io.BytesIO()
    write_jsonl(chosen(journal, **choice), out)
    every = dict(journal.payloads())
    found = {payload: seq for seq, payload in every.items()}
    return [found[line] for line in out.getvalue().splitlines()]


def test_a_choice_is_by_seq_type_and_subject(journal: MemoryJournal) -> None:
    assert seqs(journal) == [1, 2, 3, 4]
    assert seqs(journal, since=1, until=3) == [2, 3]
    assert seqs(journal, types=["mark.updated"]) == [1, 4]
    assert seqs(journal, subject="*.*.BTCUSDT") == [1, 2]
    assert seqs(journal, subject="*.*.BTCUSDT.>") == [3]
    assert seqs(journal, types=["mark.updated", "bar.closed"], subject="mark.>", since=1) == [4]


def test_lines_are_the_journals_own_bytes(journal: MemoryJournal, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    assert write_jsonl(chosen(journal), out) == 4
    assert out.read_bytes().splitlines() == [payload for _, payload in journal.payloads()]
    assert out.stat().st_mode & 0o777 == 0o600


def test_parquet_has_the_envelope_as_columns(journal: MemoryJournal, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    assert write_parquet(chosen(journal), out) == 4
    table = pq.read_table(out)
    assert table.column_names == ["seq", "epoch", "ts", "recorded", "type", "v", "cause", "key", "data"]
    second = table.slice(1, 1).to_pylist()[0]
    assert (second["seq"], second["type"], second["cause"]) == (2, "order.filled", 1)
    assert second["ts"].to_pydatetime() == datetime.fromtimestamp(START // 10**9, UTC)
    assert '"price":"100.25"' in second["data"]


def test_an_empty_choice_is_an_empty_table(journal: MemoryJournal, tmp_path: Path) -> None:
    out = tmp_path / "none.parquet"
    assert write_parquet(chosen(journal, since=4), out) == 0
    assert pq.read_table(out).num_rows == 0


def test_a_failed_export_leaves_what_was_there(journal: MemoryJournal, tmp_path: Path) -> None:
    def broken() -> Any:
        yield from [payload for _, payload in journal.payloads(0, 2)]
        raise RuntimeError("the disk is gone")

    for write, name in ((write_jsonl, "a.jsonl"), (write_parquet, "a.parquet")):
        out = tmp_path / name
        out.write_text("yesterday's")
        with pytest.raises(RuntimeError, match="gone"):
            write(broken(), out)
        assert out.read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.parquet"]


def test_a_place_that_cannot_be_written_is_named(journal: MemoryJournal, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none/out.jsonl cannot be written"):
        write_jsonl(chosen(journal), tmp_path / "none" / "out.jsonl")


def test_parquet_without_pyarrow_names_the_extra(
    journal: MemoryJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'tradekit\[data\]'"):
        write_parquet(chosen(journal), tmp_path / "out.parquet")
