"""Tables of what was published become facts in one order; what cannot be read is said with its row."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.builders import BTC, MINUTE, START, flat
from tests.state.books import INVERSE, STOCK
from tradekit.errors import DataError
from tradekit.model.account import DividendWentEx, FundingPublished, RatePublished, SplitEffected
from tradekit.run.published import published, together

D = Decimal
SPECS = {one.id: one for one in (BTC, STOCK, INVERSE)}


def frame(*rows: dict[str, Any], start: int = START) -> pd.DataFrame:
    times = pd.to_datetime([start + n * MINUTE for n in range(len(rows))], utc=True)
    return pd.DataFrame(list(rows), index=times)


def read(**tables: Any) -> list[Any]:
    return published(SPECS, start=START, **tables)


FUNDING = {"instrument": "BTC", "rate": 0.0001, "price": 100.5}


def test_each_table_gives_its_facts_in_the_order_of_time() -> None:
    actions = frame(
        {"instrument": "AAPL", "kind": "dividend", "amount": 0.24},
        {"instrument": "AAPL", "kind": "dividend", "amount": 1, "currency": "EUR"},
        {"instrument": "AAPL", "kind": "split", "new": 4, "old": 1},
    )
    told = read(
        funding=frame(FUNDING, FUNDING | {"rate": -0.0002}),
        corporate_actions=actions,
        rates=frame({"base": "EUR", "quote": "USD", "rate": 1.08}),
    )
    assert told == [
        (START, RatePublished("EUR", "USD", D("1.08"))),
        (START, DividendWentEx("AAPL", D("0.24"))),
        (START, FundingPublished("BTC", D("0.0001"), D("100.5"))),
        (START + MINUTE, DividendWentEx("AAPL", D(1), "EUR")),
        (START + MINUTE, FundingPublished("BTC", D("-0.0002"), D("100.5"))),
        (START + 2 * MINUTE, SplitEffected("AAPL", D(4), D(1))),
    ]


def test_a_table_may_be_one_for_each_instrument() -> None:
    part = frame({"rate": 0.0001, "price": 100.5})
    assert read(funding={"BTC": part}) == [(START, FundingPublished("BTC", D("0.0001"), D("100.5")))]


def test_rates_may_be_numbers_or_series_by_pair() -> None:
    series = pd.Series([1.1, 1.2], index=pd.to_datetime([START, START + MINUTE]))
    assert read(rates={"EUR/USD": series, "GBP/USD": 1.25}) == [
        (START, RatePublished("EUR", "USD", D("1.1"))),
        (START, RatePublished("GBP", "USD", D("1.25"))),
        (START + MINUTE, RatePublished("EUR", "USD", D("1.2"))),
    ]


def test_nothing_given_is_nothing_told() -> None:
    assert read() == []


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"funding": [1]}, "funding: give a DataFrame with a time index, or a mapping .* this is list"),
        (
            {"funding": frame(FUNDING | {"instrument": "X"})},
            "row 1: no instrument 'X' in this run; it has BTC",
        ),
        ({"funding": frame({"instrument": "BTC", "rate": 1})}, "funding, row 1: price is missing"),
        (
            {"funding": frame(FUNDING, FUNDING | {"price": 0})},
            "funding, row 2: price is 0.0: give a number above zero",
        ),
        ({"funding": frame(FUNDING | {"rate": "much"})}, "funding, row 1: rate is 'much': give a number"),
        ({"funding": frame(FUNDING).set_axis(["soon"])}, "funding: its index is no time"),
        (
            {"funding": frame(FUNDING).set_axis(pd.DatetimeIndex([None]))},
            "its index has a row without a time",
        ),
        (
            {"corporate_actions": frame({"instrument": "AAPL", "kind": "merger"})},
            "kind is 'merger'; write dividend or",
        ),
        (
            {"corporate_actions": frame({"instrument": "XBTUSD", "kind": "split", "new": 2, "old": 1})},
            "XBTUSD is a derivative, which is not split",
        ),
        (
            {"corporate_actions": frame({"instrument": "AAPL", "kind": "split", "new": 2})},
            "row 1: old is missing",
        ),
        (
            {"rates": {"EURUSD": 1.1}},
            "'EURUSD' is no pair of currencies; write base/quote, for example EUR/USD",
        ),
        ({"rates": {"EUR/USD": 0}}, "is 0: give a number above zero"),
        ({"rates": {"EUR/USD": "x"}}, "is 'x': give a number"),
        ({"rates": frame({"base": "EUR", "rate": 1})}, "rates, row 1: quote is missing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tables: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(**tables)


def test_at_one_moment_a_bar_comes_before_what_was_published() -> None:
    bars = [(START, flat(0, 1.0)), (START + MINUTE, flat(1, 1.0))]
    news = read(rates={"EUR/USD": 1.1})
    assert list(together(iter(bars), news)) == [bars[0], news[0], bars[1]]
    assert list(together(iter(bars), [])) == bars
