from collections.abc import Iterator

import pytest

from tests.core.journal_contract import JournalContract
from tradekit.core.clock import ManualClock
from tradekit.core.journal import Journal
from tradekit.core.memory import MemoryJournal


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self, clock: ManualClock) -> Iterator[Journal]:
        with MemoryJournal(clock=clock) as journal:
            yield journal
