import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.core.snapshot_policy import Progress, SnapshotPolicy
from tradekit.errors import ConfigError

LAST = Progress(seq=100, at=50.0, size=1_000)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (Progress(100, 9_999.0, 10**9), None),  # nothing came since
        (Progress(101, 50.0, 1_000), None),
        (Progress(101, 79.9, 1_000), None),
        (Progress(101, 80.0, 1_000), "interval"),
        (Progress(199, 60.0, 1_000), None),
        (Progress(200, 60.0, 1_000), "events"),
        (Progress(110, 60.0, 6_000), "size"),
        (Progress(110, 60.0, 5_999), None),
        (Progress(900, 90.0, 9_000), "interval"),
    ],
)
def test_the_first_bound_that_is_reached_makes_one_due(now: Progress, why: str | None) -> None:
    assert SnapshotPolicy(interval_s=30, events=100, size=5_000).due(LAST, now) == why


def test_a_bound_may_be_left_out() -> None:
    never = SnapshotPolicy(interval_s=None, events=None, size=None)
    assert never.due(LAST, Progress(10**9, 1e9, 10**12)) is None
    assert never.wait_s(LAST, LAST) is None


def test_the_wait_is_until_the_interval_ends() -> None:
    policy = SnapshotPolicy(interval_s=30)
    assert policy.wait_s(LAST, Progress(101, 60.0)) == 20.0
    assert policy.wait_s(LAST, Progress(101, 90.0)) == 0.0


@pytest.mark.parametrize("bound", [{"interval_s": 0}, {"events": -1}, {"size": 0}])
def test_a_bound_that_is_not_positive_is_refused(bound: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"a snapshot's {next(iter(bound))} is "):
        SnapshotPolicy(**bound)


@given(
    steps=st.lists(st.tuples(st.integers(0, 50), st.floats(0, 100), st.integers(0, 5_000)), max_size=40),
    events=st.integers(1, 200),
    interval_s=st.floats(0.5, 500),
)
@law(100)
def test_the_tail_behind_a_snapshot_is_never_longer_than_the_bounds(
    steps: list[tuple[int, float, int]], events: int, interval_s: float
) -> None:
    policy = SnapshotPolicy(interval_s=interval_s, events=events, size=None)
    last = now = Progress(0, 0.0)
    for more, seconds, size in steps:
        now = Progress(now.seq + more, now.at + seconds, now.size + size)
        if policy.due(last, now):
            last = now
        assert now.seq - last.seq < events
        assert now.seq == last.seq or now.at - last.at < interval_s
