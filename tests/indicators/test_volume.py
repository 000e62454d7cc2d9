"""Price and volume together, by hand."""

import numpy as np
import pytest

from tests.indicators.kinds import fields
from tradekit.indicators.volume import MFI, OBV, VWAP, DailyVWAP

HOUR = 3_600_000_000_000
BARS = fields((100 + np.random.default_rng(2).normal(0, 1, 90).cumsum()).tolist(), width=0.02)
HLCV = [BARS[name] for name in ("high", "low", "close", "volume")]


def price(value: float) -> tuple[float, float, float]:
    """High, low and close whose typical price this is."""
    return value + 1.0, value - 1.0, value


def test_vwap_of_all_weighs_each_price_by_its_volume() -> None:
    average = VWAP()
    for value, volume, expected in (
        (10.0, 1.0, 10.0),
        (20.0, 3.0, 17.5),
        (99.0, 0.0, 17.5),
        (15.5, 4.0, 16.5),
    ):
        average.update(*price(value), volume)
        assert average.value == expected


def test_vwap_is_the_newest_typical_price_where_nothing_has_traded() -> None:
    for average in (VWAP(), VWAP(1), DailyVWAP()):
        average.update(*price(10.0), 0.0, *([0.0] if isinstance(average, DailyVWAP) else []))
        assert average.value == 10.0


def test_vwap_over_a_window_forgets_what_left_it() -> None:
    made = VWAP(20).array(*HLCV)
    typical, volume = (HLCV[0] + HLCV[1] + HLCV[2]) / 3, HLCV[3]
    for at in range(19, 90):
        window = slice(at - 19, at + 1)
        assert made[at] == pytest.approx(np.average(typical[window], weights=volume[window]), rel=1e-13)


@pytest.mark.parametrize(("hour", "restarts"), [(0, [24, 48]), (22.5, [23, 47])])
def test_daily_vwap_begins_anew_at_its_hour(hour: float, restarts: list[int]) -> None:
    hours = np.arange(60) * HOUR
    columns = [column[:60] for column in HLCV]
    made = DailyVWAP(hour).array(*columns, hours)
    for start, stop in zip([0, *restarts], [*restarts, 60], strict=True):
        part = VWAP().array(*(column[start:stop] for column in columns))
        np.testing.assert_array_equal(made[start:stop], part)


def test_daily_vwap_takes_the_times_that_bars_have() -> None:
    average = DailyVWAP()
    midnight = 1_670_889_600_000_000_000
    for ts, value in ((midnight - 1_000_000_000, 10.0), (midnight, 20.0)):
        average.update(*price(value), 5.0, ts)
    assert average.value == 20.0


def test_on_balance_volume_adds_rises_and_takes_off_falls() -> None:
    made = OBV().batch([10.0, 11.0, 11.0, 9.0, 9.5], [5.0, 7.0, 100.0, 20.0, 1.0])
    assert made == [5.0, 12.0, 12.0, -8.0, -7.0]


def test_money_flow_is_the_share_of_rising_bars() -> None:
    flow = MFI(3)
    for value, volume in ((10.0, 9.0), (20.0, 1.0), (10.0, 3.0), (40.0, 2.0)):
        flow.update(*price(value), volume)
    assert flow.value == pytest.approx(100 * (20 + 80) / (20 + 30 + 80), rel=1e-15)


def test_a_typical_price_that_rounding_alone_moved_moves_no_money() -> None:
    flow = MFI(1)
    flow.update(0.3, 0.1, 0.2, 5.0)  # 0.3 + 0.1 + 0.2 and 0.1 + 0.2 + 0.3 differ in the last bit
    flow.update(0.1, 0.2, 0.3, 5.0)
    assert flow.value == 0.0
