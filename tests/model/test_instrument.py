"""Timeframes as words and as lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.errors import ConfigError, DataError
from tradekit.model.instrument import Instrument, check_account, duration, timeframe_text

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m", 60), ("15m", 900), ("4h", 14_400), ("1D", 86_400), ("2W", 1_209_600)],
)
def test_a_timeframe_is_a_length_and_back(text: str, seconds: int) -> None:
    assert duration(text) == seconds * SECOND
    assert timeframe_text(seconds * SECOND) == text


@pytest.mark.parametrize("text", ["", "m", "0m", "-1m", "1.5h", "1d", "15 m", "15min", "1M", "1m\n"])
def test_another_word_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is not understood; write a number and one of s, m, h, D, W"):
        duration(text)


@pytest.mark.parametrize("length", [0, -SECOND, 1, SECOND + 1])
def test_a_length_of_no_whole_seconds_has_no_name(length: int) -> None:
    with pytest.raises(DataError, match="has no timeframe name"):
        timeframe_text(length)


@given(st.integers(1, 10_000_000))
def test_the_shortest_name_of_a_length_means_that_length(seconds: int) -> None:
    assert duration(timeframe_text(seconds * SECOND)) == seconds * SECOND


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Instrument(id="XBTUSD", inverse=True), "XBTUSD is an inverse contract"),
        (Instrument(id="EURJPY", quote="JPY"), "EURJPY is quoted in JPY and the account is in USD"),
    ],
)
def test_what_an_account_cannot_hold_is_refused(spec: Instrument, words: str) -> None:
    check_account([Instrument(id="EURUSD")], "USD")
    with pytest.raises(ConfigError, match=words):
        check_account([Instrument(id="EURUSD"), spec], "USD")
