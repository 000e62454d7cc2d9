import pytest

from tradekit.bridge.topics import Topics
from tradekit.errors import ProtocolError


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("order.filled.BTC", "order.filled.BTC", True),
        ("order.filled.BTC", "order.filled", False),
        ("order.*.BTC", "order.filled.BTC", True),
        ("order.*.BTC", "order.BTC", False),
        ("order.*", "order.filled.BTC", False),
        ("order.>", "order.filled.BTC", True),
        ("order.>", "order", False),
        (">", "order", True),
        ("*.filled.>", "order.filled.BTC", True),
        ("order.f*", "order.filled", False),
    ],
)
def test_a_star_is_one_token_and_an_arrow_the_rest(pattern: str, subject: str, fits: bool) -> None:
    assert Topics([pattern]).match(subject) is fits


def test_any_of_several_patterns_will_do() -> None:
    topics = Topics(["fill.>", "order.*"])
    assert topics.match("fill.made.BTC")
    assert topics.match("order.filled")
    assert not topics.match("bar.closed")


def test_the_same_patterns_are_the_same_topics() -> None:
    assert Topics(["a", "b"]) == Topics(["b", "a"])
    assert hash(Topics(["a", "b"])) == hash(Topics(["b", "a", "a"]))
    assert Topics(["a"]) != Topics(["b"])


@pytest.mark.parametrize("pattern", ["", "a..b", ".a", ">.a", "a.>.b"])
def test_a_pattern_that_can_never_fit_is_refused(pattern: str) -> None:
    with pytest.raises(ProtocolError, match="join tokens with dots"):
        Topics([pattern])
