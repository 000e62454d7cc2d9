"""The published contract of a journal, with its asserts rewritten by pytest."""

import pytest

pytest.register_assert_rewrite("tradekit.testing.journals")

from tradekit.testing.journals import FACTS, INT64, START, JournalContract, bar, fill, mark  # noqa: E402 - after it

__all__ = ["FACTS", "INT64", "START", "JournalContract", "bar", "fill", "mark"]
