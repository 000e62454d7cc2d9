"""Direction where TA-Lib does not say enough: ties, ends, and bars without any."""

import pytest

from tradekit.indicators.direction import ADX, DI, Aroon


def test_a_move_is_the_larger_of_the_two_new_grounds() -> None:
    moves = DI(2)
    moves.update(10.0, 8.0, 9.0)
    moves.update(12.0, 7.0, 11.0)  # 2 up against 1 down, range 5
    moves.update(12.5, 5.0, 6.0)  # 0.5 up against 2 down, range 7.5
    up, down, ranges = 2 - 2 / 2, 2.0, 5 - 5 / 2 + 7.5
    assert moves.plus == moves.value == pytest.approx(100 * up / ranges, rel=1e-15)
    assert moves.minus == pytest.approx(100 * down / ranges, rel=1e-15)


def test_equal_new_grounds_are_no_move() -> None:
    moves = DI(2)
    for width in (1.0, 2.0, 3.0):
        moves.update(10.0 + width, 10.0 - width, 10.0)
    assert (moves.plus, moves.minus) == (0.0, 0.0)


def test_a_bar_without_any_direction_leaves_the_index_as_it_is() -> None:
    index = ADX(2)
    for n in range(6):
        index.update(10.0 + n, 9.0 + n, 9.5 + n)
    assert (index.value, index.minus) == (100.0, 0.0)
    flat = ADX(2)
    for _ in range(6):
        flat.update(10.0, 10.0, 10.0)
    assert (flat.value, flat.plus, flat.minus) == (0.0, 0.0, 0.0)
    flat.arrays([10.0], [10.0], [10.0])
    assert flat.value == 0.0


def test_of_equal_extremes_the_latest_counts() -> None:
    lately = Aroon(4)
    for high, low in ((9.0, 1.0), (9.0, 1.0), (8.0, 2.0), (7.0, 2.0), (8.0, 3.0)):
        lately.update(high, low)
    assert (lately.up, lately.down, lately.value) == (25.0, 25.0, 0.0)
