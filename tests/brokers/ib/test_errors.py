"""TWS calls everything an error; what is not known to be a no leaves doubt."""

import pytest

from tradekit.brokers.ib.errors import Verdict, judge, reason


@pytest.mark.parametrize("code", [103, 110, 200, 201, 203, 320, 321, 383, 434, 10243])
def test_what_was_not_carried_out_is_a_refusal(code: int) -> None:
    assert judge(code) is Verdict.REFUSED


@pytest.mark.parametrize("code", [2104, 2106, 2158, 2119, 399, 404, 10167])
def test_a_warning_settles_nothing(code: int) -> None:
    assert judge(code) is Verdict.NOTED


@pytest.mark.parametrize("code", [322, 366, 999, 12345, 0, -1])
def test_what_is_not_in_the_table_leaves_doubt(code: int) -> None:
    assert judge(code) is Verdict.DOUBT


def test_the_state_of_lines_is_told_from_what_concerns_orders() -> None:
    assert [judge(code) for code in (1100, 2110, 1101, 1102)] == [Verdict.DOWN] * 2 + [Verdict.BACK] * 2
    assert [judge(code) for code in (326, 504, 1300)] == [Verdict.TAKEN, Verdict.LOST, Verdict.LOST]


def test_an_order_that_cannot_be_canceled_or_changed_has_not_ended() -> None:
    assert {judge(code) for code in (136, 161, 10147, 10148)} == {Verdict.CANCEL_REFUSED}
    assert {judge(code) for code in (104, 105, 134, 329, 2102)} == {Verdict.CHANGE_REFUSED}
    assert judge(202) is Verdict.ENDED


def test_a_reason_is_plain_words_and_the_code() -> None:
    assert reason(201, "Order rejected -<br>reason:  <b>no</b>") == "Order rejected - reason: no (201)"
    assert reason(1, "") == "no words (1)"
    assert len(reason(201, "x" * 1000)) == 300
