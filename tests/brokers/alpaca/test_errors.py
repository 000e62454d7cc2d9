"""What an error means: only the venue's own words refuse an order."""

import json

import pytest

from tradekit.brokers.alpaca.errors import Answered, NotSent, Unreadable, Verdict, judge

V = Verdict


def told(status: int, code: int | None, message: str) -> Answered:
    """An answer with a code and words."""
    return Answered(status, json.dumps({"message": message} | ({} if code is None else {"code": code})))


ERRORS = [
    (told(403, 40310000, "insufficient buying power"), V.REFUSED),
    (told(403, 40310000, "insufficient qty available for order (requested: 2, available: 1)"), V.REFUSED),
    (told(403, 40310100, "trade denied due to pattern day trading protection"), V.REFUSED),
    (told(422, 42210000, "invalid limit_price 41.085. sub-penny increment does not fulfill"), V.REFUSED),
    (told(422, 40010001, "qty must be > 0"), V.REFUSED),
    (told(422, 40010001, "client_order_id must be unique"), V.TWIN),
    (told(422, 40010001, "client order id must be unique"), V.TWIN),
    (told(404, 40410000, "order not found for 123"), V.MISSING),
    (told(404, None, "Not Found"), V.DOUBT),
    (told(401, 40110000, "request is not authorized"), V.KEY),
    (told(401, None, "unauthorized"), V.KEY),
    (told(403, None, "forbidden."), V.KEY),
    (told(403, None, "blocked by a proxy"), V.DOUBT),
    (told(429, 42910000, "rate limit exceeded"), V.LIMITED),
    (told(408, 40810000, "request timeout"), V.DOUBT),
    (told(409, 40910000, "conflict"), V.DOUBT),
    (told(500, 50010000, "internal server error"), V.DOUBT),
    (told(504, None, "gateway timeout"), V.DOUBT),
    (Answered(403, "<html>forbidden</html>"), V.DOUBT),
    (Answered(422, "[]"), V.DOUBT),
    (Answered(302, ""), V.DOUBT),
    (TimeoutError(), V.DOUBT),
    (ConnectionError("reset by peer"), V.DOUBT),
    (Unreadable("qty is missing"), V.DOUBT),
    (KeyError("a bug"), V.DOUBT),
    (NotSent("not sent: later"), V.NOT_SENT),
]


@pytest.mark.parametrize(("error", "verdict"), ERRORS)
def test_each_error_has_one_meaning(error: Exception, verdict: Verdict) -> None:
    assert judge(error).verdict is verdict


def test_only_what_is_certain_is_undone() -> None:
    assert {one for one in Verdict if one.undone} == {V.REFUSED, V.NOT_SENT, V.KEY}


def test_the_reason_is_the_venues_own_and_bounded() -> None:
    assert (
        judge(told(403, 40310000, "insufficient buying power")).reason
        == "insufficient buying power (40310000)"
    )
    assert judge(Answered(502, "<html>")).reason == "HTTP 502"
    assert judge(TimeoutError()).reason == "TimeoutError"
    assert len(judge(told(422, 1, "x" * 1000)).reason) == 300


def test_an_address_ends_before_its_query() -> None:
    assert (
        judge(OSError("https://api/orders?client_order_id=tk-1 broke")).reason
        == "OSError: https://api/orders"
    )
