"""Who comes first and who leaves last is noted, and nothing in between."""

import contextlib

from tests.virtual import in_virtual_time
from tradekit.core.event import Fact
from tradekit.model.session import ClientsChanged
from tradekit.wiring.attendance import attend


def test_the_first_that_comes_and_the_last_that_leaves_are_noted() -> None:
    there, noted = iter([0, 1, 3, 2, 0, 0, 1]), list[Fact]()

    async def look() -> None:
        with contextlib.suppress(StopIteration, RuntimeError):
            await attend(lambda: next(there), noted.append)

    in_virtual_time(look())
    assert noted == [ClientsChanged(1), ClientsChanged(0), ClientsChanged(1)]
