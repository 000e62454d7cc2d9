"""A trade has one name, told by the stream or by the book, however an order is filled; no two trades share one."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.brokers.alpaca import words
from tradekit.brokers.alpaca.names import Names
from tradekit.model.said import FillSaid
from tradekit.testing.alpaca import shapes
from tradekit.testing.alpaca.account import Account, Happened, Stock

NAMES = Names(["AAPL"])
PARTS = st.lists(st.decimals("0.000000001", "50", places=9, allow_nan=False), min_size=1, max_size=8)


def filled(parts: list[Decimal], account: Account, name: str) -> list[Happened]:
    """What the stream tells of a day order that fills in these parts."""
    whole = format(sum(parts).normalize(), "f")
    sent = {"symbol": "AAPL", "qty": whole, "side": "buy", "type": "limit", "limit_price": "1", "time_in_force": "day",
            "client_order_id": name}  # fmt: skip
    order, _ = account.submit(sent, 1, market_open=True)
    return [account.trade(order, part, 1_700_000_000_123_456_789 + i) for i, part in enumerate(parts)]


@law(60)
@given(PARTS, PARTS)
def test_the_stream_and_the_book_name_each_trade_alike_and_no_two_the_same(
    parts: list[Decimal], others: list[Decimal]
) -> None:
    account = Account([Stock()], Decimal(1_000_000))
    told = [*filled(parts, account, "a"), *filled(others, account, "b")]
    heard = [
        said
        for one in told
        for said in words.heard(shapes.update(one, account)["data"], NAMES)
        if isinstance(said, FillSaid)
    ]
    kept = words.executions([shapes.activity(one) for one in account.trades], NAMES)
    assert [one.exec_id for one in heard] == [one.exec_id for one in kept]
    assert len({one.exec_id for one in heard}) == len(told)
    assert sum(one.qty for one in kept) == sum(parts) + sum(others)
    assert [one.cum for one in heard if one.order == "a"][-1] == sum(parts)
