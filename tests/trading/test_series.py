"""Which indicators are fed with what, and what a strategy is told when it asks for something odd."""

from typing import Any

import pytest

from tests.builders import MINUTE, START, bar, flat
from tradekit.errors import DataError, StrategyError
from tradekit.indicators.averages import SMA
from tradekit.indicators.volatility import ATR
from tradekit.trading.series import Series


class Count:
    """An indicator of one's own, which says nothing of its inputs."""

    ready = True

    def __init__(self) -> None:
        self.got: list[Any] = []

    def update(self, *fields: float) -> None:
        self.got.append(fields)


def series(*wanted: str, shown: tuple[str, ...] = ()) -> Series:
    made = Series(wanted, ())
    made.show(shown, lambda *_: [])
    return made


def test_an_indicator_takes_the_fields_that_it_names_or_the_one_that_is_asked_for() -> None:
    made, one = series("1m"), bar(0, (1.0, 4.0, 0.5, 2.0), volume=7.0)
    for indicator, on in ((Count(), None), (Count(), "volume")):
        made.add(indicator, on, "BTC", "1m").feed(one)
        assert indicator.got == [(2.0,) if on is None else (7.0,)]
    assert made.add(ATR(3), None, "BTC", "1m").fields == ("high", "low", "close")


def test_what_a_bar_leads_to_is_looked_up_anew_once_something_else_is_followed() -> None:
    made, one, first, second = series("1m"), bar(0, (1.0, 4.0, 0.5, 2.0), volume=7.0), Count(), Count()

    def feed() -> bool:
        feeds, follows = made.heard(one)
        for update, read in feeds:
            update(read(one))
        return follows

    made.add(first, "close", "BTC", "1m")
    assert feed()
    second.inputs = ("high", "low")  # type: ignore[attr-defined]
    made.add(second, None, "BTC", "1m")
    assert feed()
    assert (first.got, second.got) == ([(2.0,), (2.0,)], [(4.0, 0.5)])
    made.clear_indicators()
    assert feed()
    assert (len(first.got), len(second.got)) == (2, 1)


def test_the_feeds_own_bars_are_followed_once_their_timeframe_is_known() -> None:
    made, one, line = series(), bar(0, (1.0, 4.0, 0.5, 2.0)), Count()
    made.add(line, "close", "BTC", None)
    assert made.heard(one) == ((), False)
    made.start("1m")
    feeds, follows = made.heard(one)
    assert (len(feeds), follows) == (1, True)


def test_an_indicator_without_a_timeframe_follows_the_first_one_or_the_feeds() -> None:
    made = series("15m", "1h")
    line = made.add(SMA(3), None, "BTC", None)
    assert made.lines("BTC", "15m") == [line]
    bare = series()
    line = bare.add(SMA(3), None, "BTC", None)
    assert bare.all_lines() == []
    bare.start("1m")
    bare.start("5m")  # the first name stands
    assert bare.all_lines() == [(("BTC", "1m"), line)]
    later = bare.add(SMA(3), None, "ETH", None)
    assert bare.lines("ETH", "1m") == [later]
    bare.clear_indicators()
    assert bare.all_lines() == []


@pytest.mark.parametrize(
    ("indicator", "on", "timeframe", "words"),
    [
        (
            SMA(3),
            "clsoe",
            "15m",
            "SMA wants the bar field 'clsoe'; a bar has open, high",
        ),
        (object(), None, "15m", "object is no indicator: it needs `update`, `value` and `ready`"),
        (
            SMA(3),
            None,
            "4h",
            "asked for on 4h bars, which the strategy does not follow; add '4h' to its `timeframes`",
        ),
    ],
)
def test_what_cannot_be_fed_is_refused(indicator: Any, on: str | None, timeframe: str, words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        series("15m").add(indicator, on, "BTC", timeframe)


def test_without_timeframes_an_indicator_on_bars_that_nobody_makes_is_refused_once_the_feeds_are_known() -> (
    None
):
    made = series(shown=("1h",))
    made.add(SMA(3), None, "BTC", "1m")
    made.add(SMA(3), None, "BTC", "1h")
    made.start("1m")
    said = r"asked for on 7m bars, which the strategy does not follow; add '7m' to its `timeframes` \('1m',\)"
    with pytest.raises(StrategyError, match=said):
        made.add(SMA(3), None, "BTC", "7m")
    early = series()
    early.add(SMA(3), None, "BTC", "7m")
    with pytest.raises(StrategyError, match=said):
        early.start("1m")


def test_a_timeframe_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="timeframe 'soon' is not understood"):
        series().add(SMA(3), None, "BTC", "soon")


def test_a_timeframe_that_is_only_shown_may_carry_an_indicator() -> None:
    made = series("15m", shown=("1h",))
    line = made.add(SMA(3), None, "BTC", "1h")
    assert made.lines("BTC", "1h") == [line]


def test_longer_bars_are_made_by_instrument() -> None:
    made = series("1m", shown=("2m",))
    assert made.made_by(flat(0, 1.0)) == []
    assert made.made_by(flat(1, 2.0, instrument="ETH")) == [
        (START + 2 * MINUTE, bar(0, (2.0,) * 4, instrument="ETH", timeframe="2m"))
    ]
    assert [one.instrument for _, one in made.made_by(flat(1, 3.0))] == ["BTC"]
    assert made.beyond("1m")
    assert not made.beyond("2m")


def test_bars_that_close_earlier_come_first() -> None:
    made = series(shown=("2m", "3m"))
    for n in (0, 1, 2):
        made.made_by(flat(n, float(n)))
    closed = made.made_by(flat(7, 7.0))
    assert [ts for ts, _ in closed] == sorted(ts for ts, _ in closed)
    assert {one.timeframe for _, one in closed} == {"2m"}


def test_it_follows_its_timeframes_and_instruments() -> None:
    assert series("1m").follows(flat(0, 1.0))
    assert not series("5m").follows(flat(0, 1.0))
    only = Series((), ("ETH",))
    only.start("1m")
    assert [only.follows(flat(0, 1.0, instrument=name)) for name in ("BTC", "ETH")] == [False, True]


def test_a_timeframe_that_is_shown_later_begins_with_the_bars_that_were() -> None:
    made = series("15m")
    bars = [flat(n, float(n)) for n in range(60)]
    longer = [one for early in bars[:40] for _, one in made.made_by(early)]
    assert [one.timeframe for one in longer] == ["15m", "15m"]
    made.show(["1h", "15m", "1m"], lambda instrument, timeframe: bars[:40])
    later = [one for late in bars[40:] for _, one in made.made_by(late)]
    assert [(one.timeframe, one.open) for one in later] == [("15m", 30.0), ("1h", 0.0), ("15m", 45.0)]
