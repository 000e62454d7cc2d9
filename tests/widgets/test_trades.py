from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.widgets.conftest import MINUTE, START, WHO
from tradekit.model.order import OrderFilled, Side
from tradekit.model.reconciliation import Proposal
from tradekit.state.seen import Difference
from tradekit.testing.stage import StageSession
from tradekit.widgets import trades
from tradekit.widgets.words import MINUS


def deal(session: StageSession, number: int, qty: int, price: int = 100) -> None:
    """A fill; a negative quantity sells."""
    side = Side.BUY if qty > 0 else Side.SELL
    fill = OrderFilled(
        f"o{number}",
        *WHO,
        f"x{number}",
        side,
        Decimal(abs(qty)),
        Decimal(price),
        Decimal("0.1"),
        "USDT",
        rule="limit",
    )
    session.replica.fold(fill, ts=START + number * MINUTE)


def test_a_trade_goes_from_flat_to_flat_at_average_prices() -> None:
    session = StageSession()
    for number, (qty, price) in enumerate([(1, 100), (1, 102), (-2, 100), (-1, 90)]):
        deal(session, number, qty, price)
    (row,) = trades.trades(session.replica.state)["rows"]
    assert row == {
        "key": f"o0/o2/{START + 2 * MINUTE}",
        "exit": (START + 2 * MINUTE) // 1_000_000,
        "instrument": "BTCUSDT",
        "side": "▲ long",
        "side_tone": "up",
        "qty": "2",
        "entry": "101.00",
        "left": "100.00",
        "profit": f"{MINUS}2.30",
        "profit_tone": "down",
        "return": f"{MINUS}1.14 %",
        "return_tone": "down",
        "fees": "0.30",
        "entered": START // 1_000_000,
        "order": "o2",
        "tag": "limit",
    }


@law(60)
@given(st.lists(st.integers(-3, 3).filter(bool), max_size=30), st.integers(0, 30))
def test_of_a_state_that_forgot_its_first_fills_the_trades_are_the_last_ones(
    deals: list[int], kept: int
) -> None:
    session = StageSession()
    for number, qty in enumerate(deals):
        deal(session, number, qty, 100 + number)
    state = session.replica.state
    whole = trades.trades(state)["rows"]
    state.fills = state.fills[len(state.fills) - min(kept, len(state.fills)) :]
    last = trades.trades(state)["rows"]
    assert last == whole[: len(last)]
    begin = state.fills[0].ts // 1_000_000 if state.fills else 0
    assert all(row["entered"] >= begin for row in last)
    through_zero = sum(deals[: len(deals) - kept]) if kept < len(deals) else 0
    if not through_zero:  # it was flat when the state's memory begins: nothing is missing
        assert len(last) == sum(row["entered"] >= begin for row in whole) or not state.fills


def test_a_hedging_account_says_why_it_has_none() -> None:
    session = StageSession()
    deal(session, 0, 1)
    deal(session, 1, -1)
    session.replica.state.account.hedging = True
    shown = trades.trades(session.replica.state)
    assert shown["rows"] == []
    assert "named positions" in shown["none"]


def test_a_difference_is_a_row_with_what_would_mend_it() -> None:
    state = StageSession().replica.state
    repair = (Proposal("order.filled", 1, {}), Proposal("order.canceled", 1, {}))
    state.health.reconciliation.differences = {
        "refused": Difference("refused", "cash", "", "1", "2", "cash differs", START + 5, refused="me"),
        "fill": Difference(
            "fill", "order.fill", "BTCUSDT", "0", "0.5", "half is missing", START, proposed=repair
        ),
        "none": Difference("none", "position", "BTCUSDT", "1", "0", "held here alone", START + 1),
    }
    shown = trades.differences(state)
    assert shown["count"] == 2
    assert [(row["key"], row["repair"], row["ended"]) for row in shown["rows"]] == [
        ("none", "none proposed: look at the venue", False),
        ("fill", "order filled, then order canceled", False),
        ("refused", "refused by me", True),
    ]
    assert [row["verdicts"] for row in shown["rows"]] == ["refuse", "accept or refuse", ""]
    assert (shown["rows"][1]["ours"], shown["rows"][1]["theirs"], shown["rows"][1]["text"]) == (
        "0", "0.5", "half is missing",
    )  # fmt: skip
