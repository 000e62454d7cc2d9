"""The sums of a day's report."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.report.day import Uptime, uptime

S = 1_000_000_000


def up(*spans: tuple[int, int], within: tuple[int, int] = (0, 100)) -> Uptime:
    return uptime("x", [(a * S, b * S) for a, b in spans], [(within[0] * S, within[1] * S)])


def test_what_is_up_all_the_time_has_no_outage() -> None:
    assert up((-5, 200)) == Uptime("x", 100.0, 100.0, 0)


def test_gaps_are_counted_at_the_beginning_between_and_at_the_end() -> None:
    found = up((10, 20), (30, 40))
    assert (found.up_s, found.outages, found.share) == (20.0, 3, 0.2)


def test_what_was_never_up_is_one_outage() -> None:
    assert up() == Uptime("x", 0.0, 100.0, 1)
    assert up((200, 300)) == Uptime("x", 0.0, 100.0, 1)


def test_no_time_has_no_share() -> None:
    assert uptime("x", [(0, 1)], []).share is None


@given(st.lists(st.integers(0, 100), unique=True, max_size=8))
@law(100)
def test_up_and_down_add_up_to_the_whole(edges: list[int]) -> None:
    edges.sort()
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    found = up(*spans)
    assert found.up_s == sum(b - a for a, b in spans)
    down = sum(b > a for a, b in zip([0, *(b for _, b in spans)], [*(a for a, _ in spans), 100], strict=True))
    assert found.outages == down
