from pathlib import Path

import pytest

from tests.core.journal_contract import mark
from tradekit.core.memory import MemoryJournal
from tradekit.core.open import open_journal, open_writer, set_aside
from tradekit.errors import JournalLockedError

pytestmark = pytest.mark.shell


def test_no_path_means_memory() -> None:
    assert isinstance(open_writer(None), MemoryJournal)


def test_an_old_journal_is_kept_under_its_id_and_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    assert set_aside(path) is None
    with open_writer(path) as first:
        first.append([mark(1)], critical=True)
        with pytest.raises(JournalLockedError):
            set_aside(path)
    kept = set_aside(path)
    assert kept == tmp_path / f"events-{first.id}.log"
    with open_writer(path) as second:
        assert (second.last_seq, second.id != first.id) == (0, True)
    with open_journal(kept) as reader:
        assert reader.last_seq == 1
        assert reader.verify().ok
    with open_writer(kept) as again:
        assert (again.epoch, again.id) == (2, first.id)
