"""A client order id is a function of the journal and the intent, and fits every venue."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.trading.client_ids import client_id, is_ours

NAMES = st.text(min_size=1, max_size=80)


@given(NAMES, NAMES)
@law(100)
def test_it_is_the_same_each_time_and_fits_the_strictest_venue(journal: str, order: str) -> None:
    made = client_id(journal, order)
    assert made == client_id(journal, order)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,36}", made)
    assert is_ours(journal, made)


@given(NAMES, NAMES, NAMES)
@law(100)
def test_two_orders_and_two_journals_never_share_one(journal: str, one: str, other: str) -> None:
    if one != other:
        assert client_id(journal, one) != client_id(journal, other)
    if journal != other:
        assert client_id(journal, one) != client_id(other, one)
        assert not is_ours(other, client_id(journal, one))


def test_it_can_be_read() -> None:
    assert client_id("j", "sma-12").endswith("-sma-12")
    assert len(client_id("j", "a" * 60, longest=20)) == 20
