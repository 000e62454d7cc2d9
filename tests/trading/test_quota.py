"""A quota: never more than the venue takes in any window, a part kept for cancels, and pauses that hold for all."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.trading.quota import Quota


def test_what_fits_goes_at_once() -> None:
    quota = Quota(10, 60)
    assert [quota.wait(4, 0), quota.wait(4, 1)] == [0, 0]


def test_what_does_not_fit_waits_until_enough_has_left_the_window() -> None:
    quota = Quota(10, 60)
    assert quota.wait(4, 0) == quota.wait(4, 5) == 0
    assert quota.wait(4, 10) == 50  # the first four leave at 60
    assert quota.wait(4, 60) == 0


def test_a_cancel_goes_while_orders_wait() -> None:
    quota = Quota(10, 60)
    assert quota.wait(8, 0) == 0
    assert quota.wait(1, 0) > 0
    assert quota.wait(1, 0, urgent=True) == 0


def test_a_cost_beyond_everything_takes_all_there_is_instead_of_waiting_for_ever() -> None:
    quota = Quota(10, 60)
    assert quota.wait(50, 0) == 0
    assert 0 < quota.wait(1, 1) <= 60


def test_what_others_have_spent_counts() -> None:
    quota = Quota(10, 60)
    quota.told(8, 0)
    assert quota.wait(1, 0) > 0
    quota.told(2, 0)  # less than is known takes nothing back
    assert quota.wait(1, 0) > 0


def test_a_pause_holds_for_cancels_too_and_the_longer_one_stays() -> None:
    quota = Quota(10, 60)
    quota.pause(30, 0)
    quota.pause(5, 0)
    assert quota.wait(1, 10, urgent=True) == 20
    assert quota.wait(1, 30, urgent=True) == 0


def test_a_ban_is_over_with_its_pause() -> None:
    quota = Quota(10, 60)
    quota.pause(30, 0, banned=True)
    quota.pause(1, 0)
    assert quota.banned
    quota.wait(1, 31)
    assert not quota.banned


REQUESTS = st.lists(st.tuples(st.floats(0.1, 12), st.floats(0, 20), st.booleans()), max_size=60)


@law(200)
@given(REQUESTS)
def test_no_window_holds_more_than_the_venue_takes_and_waiting_as_told_is_enough(
    requests: list[tuple[float, float, bool]],
) -> None:
    quota, now = Quota(10, 60), 0.0
    went: list[tuple[float, float, bool]] = []
    for cost, later, urgent in requests:
        now += later
        for _ in range(len(went) + 2):
            wait = quota.wait(cost, now, urgent=urgent)
            if not wait:
                break
            now += wait
        else:
            raise AssertionError("it was told to wait again and again")
        went.append((now, min(cost, 10 if urgent else 8), urgent))
    for end, _, _ in went:
        window = [one for one in went if end - 60 < one[0] <= end]
        assert sum(cost for _, cost, _ in window) <= 10 + 1e-6
