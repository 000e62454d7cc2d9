from collections.abc import Iterator

import pytest

from tests.core.journal_contract import JournalContract
from tradekit.core.clock import ManualClock
from tradekit.core.journal import Journal
from tradekit.core.memory import MemoryJournal
from tradekit.core.open import open_writer


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self, clock: ManualClock) -> Iterator[Journal]:
        with MemoryJournal(clock=clock) as journal:
            yield journal

    def test_no_path_means_memory(self) -> None:
        assert isinstance(open_writer(None), MemoryJournal)
