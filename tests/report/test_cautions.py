"""What a reader of the numbers is told first."""

import pandas as pd

from tradekit.report.cautions import cautions


def curve(*rows: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["equity", "gross"])


def test_exposure_beyond_equity_is_told_unless_it_was_bounded() -> None:
    over = curve((100, 50), (100, 250))
    assert cautions(over, {}, {}) == [
        "exposure reached 2.5 times equity; pass leverage=1 to refuse such orders"
    ]
    assert cautions(over, {"leverage": "3"}, {}) == []


def test_denials_are_counted_by_rule() -> None:
    assert cautions(curve((100, 0)), {}, {"max_qty": 3}) == ["3 orders denied by max_qty"]


def test_nothing_to_say_is_nothing() -> None:
    assert cautions(curve((100, 100.00000001)), {}, {}) == []
