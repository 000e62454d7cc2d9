"""The "did you mean" of error messages."""

from tradekit.errors import did_you_mean


def test_the_nearest_word_is_offered_whatever_its_case() -> None:
    assert did_you_mean("CLOS", ["open", "Close"]) == " (did you mean 'Close'?)"


def test_nothing_is_offered_when_nothing_is_near() -> None:
    assert did_you_mean("volume", ["open", "high"]) == ""
