"""Lists on the wire: a screen that puts together what it was sent has what the state has."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.widgets.lists import joined
from tradekit.widgets.lists import Lists, with_news

tables = st.lists(st.dictionaries(st.integers(0, 40), st.integers(0, 2), max_size=40), min_size=1, max_size=8)


def table(values: dict[int, int]) -> dict[str, Any]:
    return {"rows": [{"key": key, "text": value} for key, value in values.items()], "count": len(values)}


@law(200)
@given(tables)
def test_what_was_sent_makes_up_the_list_at_any_time(versions: list[dict[int, int]]) -> None:
    lists, sent = Lists(), {}
    for version in versions:
        sent |= lists.news({"fills": table(version)})
        assert joined("fills", sent["fills"], sent.get("fills_since")) == table(version)["rows"]


def test_only_rows_that_differ_are_sent_and_all_keys_in_order() -> None:
    lists = Lists()
    lists.news({"orders": table({1: 0, 2: 0, 3: 0})})
    assert lists.news({"orders": table({4: 0, 1: 0, 2: 9})}) == {
        "orders_since": {
            "number": 1,
            "keys": [4, 1, 2],
            "rows": [{"key": 4, "text": 0}, {"key": 2, "text": 9}],
            "count": 3,
        }
    }


def test_a_list_that_has_changed_much_is_sent_whole_under_another_number() -> None:
    lists = Lists()
    first = lists.news({"fills": table(dict.fromkeys(range(100), 0))})["fills"]
    grown = table(dict.fromkeys(range(14, 114), 0))
    assert len(lists.news({"fills": grown})["fills_since"]["rows"]) == 14
    again = lists.news({"fills": table(dict.fromkeys(range(15, 115), 0))})
    assert list(again) == ["fills"]
    assert (first["number"], again["fills"]["number"]) == (1, 2)


def test_other_parts_go_as_they_are() -> None:
    assert Lists().news({"bar": {"rows": [[1]]}, "ack": {}}) == {"bar": {"rows": [[1]]}, "ack": {}}


def test_a_list_is_written_in_two_parts() -> None:
    assert with_news(["bars", "markers"]) == ["bars", "markers", "markers_since"]
