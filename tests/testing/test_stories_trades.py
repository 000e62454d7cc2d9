"""Stories of trades: told in total, without a name, at no price, for nobody, with a fee that comes later."""

from decimal import Decimal

import pytest

from tests.testing.stories import Story, books, ends_well, fill, known, new, sent, submit, table
from tradekit.model.instrument import Instrument, Kind
from tradekit.testing.desk import Desk

D = Decimal
INVERSE = Instrument(
    id="XBT", quote="USD", base="BTC", kind=Kind.PERPETUAL, inverse=True, multiplier=D(100), margin=D("0.1")
)
CONTRACTS = Instrument(
    id="SWAP", quote="USDT", base="BTC", kind=Kind.PERPETUAL, multiplier=D("0.01"), lot=D(1)
)
TWO = {"instruments": ["BTC", "ETH"]}


def before(venue_id: str, exec_id: str, side: str, price: int) -> dict[str, object]:
    """A trade of the day before the desk opened, of nobody here."""
    named = {"cid": "old", "venue_order_id": venue_id, "exec_id": exec_id, "instrument": "BTC"}
    return {**named, "side": side, "qty": 2, "price": price, "ts": "2026-01-04T10:00:00Z"}


@pytest.mark.parametrize(
    ("story", "times"),
    table(
        Story(
            "the venue tells only what has filled in all",
            [submit(qty=10), fill("A", None, cum_qty=4), fill("A", None, exec_id="e2", cum_qty=10)],
            {"status": {"A": "filled"}, "position": {"BTC": 10}, "cash": {"USD": 99_000}, "alerts": []},
        ),
        Story(
            "the venue tells only what has filled in all, at its average price",
            [
                submit(qty=10),
                fill("A", None, None, cum_qty=4, avg_price=100),
                fill("A", None, None, "e2", cum_qty=10, avg_price=97),
            ],
            {"status": {"A": "filled"}, "cash": {"USD": 99_030}},
        ),
        Story(
            "an average price comes with each trade's own quantity",
            [submit(qty=2), fill("A", 1, None, avg_price=100), fill("A", 1, None, "e2", avg_price=99)],
            {"status": {"A": "filled"}, "cash": {"USD": 99_802}},
        ),
        Story(
            "what has filled in all is told as the trade's quantity",
            [submit(qty=100), fill("A", 4, cum_qty=4), fill("A", 10, exec_id="e2", cum_qty=10)],
            {"filled": {"A": 10}, "position": {"BTC": 10}, "alerts": ["count"], "halted": False},
        ),
        Story(
            "a late first trade is no total: what it counts is what it is",
            [
                submit(qty=9),
                fill("A", 2, exec_id="e2", cum_qty=7),
                fill("A", 5, exec_id="e1", cum_qty=5),
                fill("A", 2, exec_id="e3", cum_qty=9),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 9}, "alerts": []},
        ),
        Story(
            "the trades of a replacement are counted from its beginning",
            [
                *known(qty=4),
                fill("A", 1, venue_order_id="v1", cum_qty=1),
                sent("replace", price=101),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", qty=4, price=101),
                fill("A", 3, 101, "e2", venue_order_id="v2", cum_qty=3),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 4}, "alerts": []},
        ),
        Story(
            "an order is told as filled at an average price, and no trade ever comes",
            [
                submit(qty=2),
                {
                    "kind": "order",
                    "cid": "A",
                    "venue_order_id": "v",
                    "status": "FILLED",
                    "cum_qty": 2,
                    "avg_price": 99,
                },
                *({"kind": "executions", "items": []}, 6) * 2,
            ],
            {
                "status": {"A": "filled"},
                "position": {"BTC": 2},
                "cash": {"USD": 99_802},
                "alerts": ["difference"],
            },
        ),
        Story(
            "an average price in the book is not the order's limit",
            [
                *known(qty=3),
                *(
                    {
                        "kind": "open_orders",
                        "items": [
                            {"cid": "A", "venue_order_id": "v1", "qty": 3, "cum_qty": 1, "avg_price": 99}
                        ],
                    },
                    {"kind": "executions", "items": []},
                    6,
                )
                * 3,
            ],
            {"limit": {"A": 100}, "filled": {"A": 1}, "cash": {"USD": 99_901}, "alerts": ["difference"]},
        ),
        Story(
            "a trade at no price is set aside",
            [submit(), fill("A", 1, 0)],
            {"position": {"BTC": 0}, "set_aside": ["e1"], "halted": True, "alerts": ["quarantine", "halted"]},
        ),
        Story(
            "a trade of an inverse contract at no price is set aside",
            [submit(), fill("A", 1, 0)],
            {"position": {"XBT": 0}, "set_aside": ["e1"], "halted": True},
            {"instruments": [INVERSE], "cash": 1, "currency": "BTC"},
        ),
        Story(
            "an inverse contract pays its profit, a fee and a rebate in coin",
            [
                submit(qty=10, price=50_000),
                fill("A", 10, 50_000, fee="0.00001", fee_currency="BTC"),
                submit("B", 10, 55_000, side="sell"),
                fill("B", 10, 55_000, fee="-0.000002"),
            ],
            {"position": {"XBT": 0}, "cash": {"BTC": D("1.001810181818181818")}},
            {"instruments": [INVERSE], "cash": 1, "currency": "BTC"},
        ),
        Story(
            "a contract stands for a part of a coin",
            [
                submit(qty=10, price=50_000),
                fill("A", 10, 50_000),
                submit("B", 10, side="sell"),
                fill("B", 10, 51_000),
            ],
            {"position": {"SWAP": 0}, "cash": {"USDT": 1100}},
            {"instruments": [CONTRACTS], "cash": 1000},
        ),
        Story(
            "a rebate is a fee that comes in",
            [submit(), fill("A", fee="-0.025", fee_currency="USD")],
            {"cash": {"USD": D("99900.025")}, "fees": {"A": D("-0.025")}},
        ),
        Story(
            "a fee in a third currency is owed in it",
            [submit(), fill("A", fee="0.001", fee_currency="BNB")],
            {"cash": {"USD": 99_900, "BNB": D("-0.001")}, "position": {"BTC": 1}},
        ),
        Story(
            "a commission is told later, by the trade's id alone",
            [submit(), fill("A"), fill("", fee=1, fee_currency="USD", instrument="BTC", side="buy")],
            {"position": {"BTC": 1}, "cash": {"USD": 99_899}, "alerts": []},
        ),
        Story(
            "a trade comes by its id alone before the report that names its order",
            [submit(), fill("", instrument="BTC", side="buy"), fill("A")],
            {"own": {"BTC": 1}, "position": {"BTC": 1}, "cash": {"USD": 99_900}, "alerts": ["external"]},
        ),
        Story(
            "somebody else's trades have one id in two instruments and on two sides",
            [
                fill("", instrument="BTC", side="buy"),
                fill("", 2, instrument="ETH", side="buy"),
                fill("", 1, 101, instrument="BTC", side="sell"),
            ],
            {"position": {"BTC": 0, "ETH": 2}, "alerts": ["external"] * 3},
            TWO,
        ),
        Story(
            "a trade with oneself has one id on both sides",
            [
                submit("S", side="sell"),
                new("S", "vs"),
                submit("B"),
                new("B", "vb"),
                fill("B", exec_id="t", venue_order_id="vb", side="buy"),
                fill("S", exec_id="t", venue_order_id="vs", side="sell"),
            ],
            {"status": {"S": "filled", "B": "filled"}, "position": {"BTC": 0}, "cash": {"USD": 100_000}},
        ),
        Story(
            "floats carry the noise of their sum",
            [submit(qty="0.3"), fill("A", 0.1 + 0.2, 100.0)],
            {"status": {"A": "filled"}, "position": {"BTC": D("0.3")}, "halted": False},
        ),
        Story(
            "a trade carries a time in the future, another one of last year, a third in milliseconds",
            [
                submit(qty=3),
                fill("A", ts="2027-01-01T00:00:00Z"),
                fill("A", exec_id="e2", ts="2025-01-01T00:00:00Z"),
                fill("A", exec_id="e3", ts=1_767_625_200_000),
                30,
                books(positions={"BTC": 3}, balances={"USD": 99_700}),
            ],
            {"status": {"A": "filled"}, "open": [], "alerts": []},
        ),
        Story(
            "trades without ids are told again in the executions, at their times",
            [
                submit(qty=3),
                {"kind": "fill", "cid": "A", "qty": 1, "price": 100, "ts": "2026-01-05T15:00:01Z"},
                {"kind": "fill", "cid": "A", "qty": 1, "price": 100, "ts": "2026-01-05T15:00:02Z"},
                {
                    "kind": "executions",
                    "items": [
                        {"cid": "A", "qty": 1, "price": 100, "ts": "2026-01-05T15:00:01Z"},
                        {"cid": "A", "qty": 1, "price": 100, "ts": 2},
                    ],
                },
            ],
            {"filled": {"A": 2}, "position": {"BTC": 2}},
        ),
        Story(
            "a trade is corrected: the first version is void, the second has another id",
            [
                submit(qty=10),
                fill("A", 5, 100, "5f.01.01"),
                {"kind": "bust", "cid": "A", "exec_id": "5f.01.01", "reason": "corrected"},
                fill("A", 5, 101, "5f.01.02"),
            ],
            {"filled": {"A": 5}, "cash": {"USD": 99_495}, "alerts": ["bust"]},
        ),
        Story(
            "a refused cancel repeats what had filled before",
            [
                *known(qty=4),
                fill("A", 3, cum_qty=3),
                sent("cancel"),
                sent("cancel_rejected", reason="too late", cum_qty=3),
                fill("A", 1, exec_id="e2", cum_qty=4),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 4}, "alerts": []},
        ),
        Story(
            "a fill hides in the answer to a change",
            [
                *known(qty=5),
                sent("replace", price=101),
                sent("replaced", venue_order_id="v1", price=101, cum_qty=2),
                {
                    "kind": "executions",
                    "items": [{"cid": "A", "venue_order_id": "v1", "exec_id": "e", "qty": 2, "price": 100}],
                },
            ],
            {"filled": {"A": 2}, "position": {"BTC": 2}, "held": []},
        ),
        Story(
            "a trade through zero is told again where the venue takes such orders whole",
            [
                submit(qty=2),
                fill("A", 2),
                submit("F", 5, 99, side="sell"),
                fill("F", 5, 99, "e2"),
            ],
            {"position": {"BTC": -3}, "sent": [("submit", "A"), ("submit", "F")]},
            {"practice": {"flips": True}},
        ),
        Story(
            "the executions are those of yesterday too, from before the session began",
            [
                books(
                    executions=[
                        before("o1", "e1", "buy", 90),
                        before("o2", "e2", "sell", 95),
                    ],
                    balances={"USD": 100_000},
                ),
                6,
                books(balances={"USD": 100_000}),
            ],
            {"position": {"BTC": 0}, "cash": {"USD": 100_000}, "open": [], "alerts": []},
        ),
        Story(
            "somebody trades while the session is down",
            [
                20,
                {"kind": "restart"},
                books(
                    executions=[
                        {
                            "venue_order_id": "o1",
                            "exec_id": "e",
                            "instrument": "BTC",
                            "side": "buy",
                            "qty": 2,
                            "price": 90,
                            "ts": 10,
                        }
                    ],
                    positions={"BTC": 2},
                    balances={"USD": 99_820},
                ),
            ],
            {"position": {"BTC": 2}, "open": [], "alerts": ["external"]},
        ),
        Story(
            "a stop and a target trade both, and the position turns",
            [
                submit(stop_loss=90, take_profit=110),
                fill("A"),
                new("desk-2", "x1"),
                new("desk-3", "x2"),
                fill("desk-2", 1, 90, "s"),
                fill("desk-3", 1, 110, "t"),
            ],
            {"position": {"BTC": -1}, "alerts": ["turned"], "last": {"kind": "cancel", "cid": "desk-3"}},
        ),
        Story(
            "a trade comes with the status filled, and one before it was lost",
            [
                submit(qty=2),
                fill("A", exec_id="e2", status="FILLED"),
                {"kind": "executions", "items": [{"cid": "A", "exec_id": "e1", "qty": 1, "price": 100}]},
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 2}, "asked": ["executions", "open_orders"]},
        ),
        Story(
            "an order is filled, and its trades come after that word",
            [submit(qty=2), {"kind": "FILLED", "cid": "A"}, fill("A"), fill("A", exec_id="e2")],
            {"status": {"A": "filled"}, "position": {"BTC": 2}, "held": []},
        ),
        Story(
            "somebody trades what this session does not",
            [
                fill("web", 100, 1, venue_order_id="w1", instrument="DOGE", side="buy"),
                fill("web", 100, 2, "e2", venue_order_id="w2", instrument="DOGE", side="sell"),
            ],
            {"halted": False, "set_aside": [], "alerts": ["elsewhere"], "cash": {"USD": 100_000}},
        ),
        Story(
            "a fee in the coin that is bought comes out of it, where the pair is known by its name",
            [
                submit(),
                fill("A", fee={"cost": "0.001", "currency": "BTC"}),
                *(6, {"kind": "balances", "items": {"BTC": "0.999", "USDT": 99_900}}) * 2,
            ],
            {"position": {"BTC/USDT": D("0.999")}, "cash": {"USDT": 99_900}, "open": []},
            {"instruments": ["BTC/USDT"]},
        ),
        Story(
            "more fills than was ordered",
            [submit(qty=5), fill("A", "5.012345")],
            {"set_aside": ["e1"], "halted": True, "alerts": ["quarantine", "halted"], "position": {"BTC": 0}},
        ),
        Story(
            "an order is rejected without a reason, and trades",
            [submit(), sent("rejected"), fill("A")],
            {"status": {"A": "filled"}, "position": {"BTC": 1}, "alerts": ["late_fill"]},
        ),
    ),
)
def test_a_trade_is_booked_once_at_its_own_quantity_and_price(story: Story, times: int) -> None:
    ends_well(story, times)


def test_a_trade_of_an_order_that_is_forgotten_is_not_booked_again() -> None:
    desk = Desk(limits={})
    desk.submit(cid="Z", qty=1, price=100)
    trade = {
        "venue_order_id": "vz",
        "exec_id": "z",
        "instrument": "BTC",
        "side": "buy",
        "qty": 1,
        "price": 100,
    }
    desk.report(kind="fill", cid="Z", **trade)
    for number in range(501):
        desk.submit(cid=f"o{number}", qty=1, price=1)
        desk.report(kind="canceled", cid=f"o{number}")
    assert "Z" not in desk.state.orders
    desk.report(kind="executions", items=[trade])
    desk.report(kind="fill", cid="Z", **trade)
    assert (desk.position(), desk.alerts) == (1, [])
