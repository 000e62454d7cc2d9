"""What an error means follows from what the venue said, and from nothing else."""

import ccxt
import pytest

from tradekit.brokers.ccxt.errors import Call, Unreadable, Verdict, judge


def answered(status: int, code: int | None = None, said: str = "") -> Call:
    return Call(sent=True, status=status, code=code, said=said)


REFUSALS = [
    (-1013, "Filter failure: LOT_SIZE"),
    (-1100, "Illegal characters found in parameter 'price'."),
    (-1111, "Precision is over the maximum defined for this asset."),
    (-1121, "Invalid symbol."),
    (-2010, "Account has insufficient balance for requested action."),
    (-2011, "Unknown order sent."),
    (-2019, "Margin is insufficient."),
    (-2022, "ReduceOnly Order is rejected."),
    (-4164, "Order's notional must be no smaller than 5"),
]


@pytest.mark.parametrize(("code", "said"), REFUSALS)
def test_a_no_with_a_code_is_a_refusal(code: int, said: str) -> None:
    judged = judge(ccxt.ExchangeError("binance"), answered(400, code, said))
    assert judged.verdict is Verdict.REFUSED
    assert judged.reason == f"{said} ({code})"


@pytest.mark.parametrize("code", [-1000, -1001, -1004, -1006, -1007, -1008, -1016, -2026])
def test_a_venue_that_does_not_know_itself_leaves_doubt(code: int) -> None:
    assert judge(ccxt.ExchangeError("x"), answered(400, code, "unknown")).verdict is Verdict.DOUBT


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_doubt_whatever_code_comes_with_it(status: int) -> None:
    assert judge(ccxt.ExchangeNotAvailable("x"), answered(status, -2010, "no")).verdict is Verdict.DOUBT


@pytest.mark.parametrize("status", [200, 400, 403, 404, 451])
def test_an_answer_without_a_code_is_no_refusal(status: int) -> None:
    assert judge(ccxt.ExchangeError("<html>no</html>"), answered(status)).verdict is Verdict.DOUBT


LOST = [
    ccxt.RequestTimeout("binance POST https://x/api/v3/order"),
    ccxt.NetworkError("reset"),
    ccxt.ExchangeError("half an answer"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", LOST)
def test_a_request_without_an_answer_is_in_doubt_whatever_the_library_calls_it(error: Exception) -> None:
    assert judge(error, Call(sent=True)).verdict is Verdict.DOUBT


@pytest.mark.parametrize(
    "error", [ccxt.InvalidOrder("no price"), ccxt.BadSymbol("x"), ccxt.NetworkError("dns")]
)
def test_what_has_not_left_was_not_sent(error: Exception) -> None:
    assert judge(error, Call()).verdict is Verdict.NOT_SENT


def test_an_answer_that_cannot_be_read_leaves_doubt() -> None:
    assert judge(Unreadable("orderId is missing"), answered(200)).verdict is Verdict.DOUBT


def test_a_client_id_that_was_used_is_no_refusal() -> None:
    for code, said in ((-2010, "Duplicate order sent."), (-4116, "ClientOrderId is duplicated.")):
        verdict = judge(ccxt.InvalidOrder("x"), answered(400, code, said)).verdict
        assert verdict is Verdict.TWIN
        assert not verdict.undone


def test_too_many_requests_are_told_from_a_ban() -> None:
    assert (
        judge(ccxt.DDoSProtection("x"), answered(429, -1003, "Too many requests")).verdict is Verdict.LIMITED
    )
    assert (
        judge(ccxt.DDoSProtection("x"), answered(400, -1015, "Too many new orders")).verdict
        is Verdict.LIMITED
    )
    assert judge(ccxt.DDoSProtection("x"), answered(418)).verdict is Verdict.BANNED
    banned = answered(400, -1003, "Way too much request weight used; IP banned until 1700000000000.")
    assert judge(ccxt.DDoSProtection("x"), banned).verdict is Verdict.BANNED


def test_a_wrong_clock_says_nothing_of_the_order() -> None:
    verdict = judge(ccxt.InvalidNonce("x"), answered(400, -1021, "outside of the recvWindow")).verdict
    assert verdict is Verdict.SKEW
    assert not verdict.undone


def test_keys_and_rights_are_hopeless_also_where_the_library_calls_them_a_rate_limit() -> None:
    for code, verdict in ((-2014, Verdict.KEY), (-1022, Verdict.KEY), (-2015, Verdict.RIGHT)):
        judged = judge(ccxt.DDoSProtection("x"), answered(401, code, "no"))
        assert judged.verdict is verdict
        assert judged.verdict.hopeless


def test_a_code_in_an_answer_on_a_websocket_is_found_in_its_text() -> None:
    told = ccxt.AuthenticationError(
        'binance {"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
    )
    assert judge(told, Call()).verdict is Verdict.RIGHT
    nested = ccxt.ExchangeError('binance {"id":"1","status":400,"error":{"code":-1021,"msg":"late"}}')
    assert judge(nested, Call()).verdict is Verdict.SKEW


def test_a_reason_holds_no_signed_address() -> None:
    error = ccxt.RequestTimeout("binance GET https://x/api/v3/order?symbol=A&signature=abc")
    assert judge(error, Call(sent=True)).reason == "RequestTimeout: binance GET https://x/api/v3/order"
