"""Stories of books: late, empty, netted, with locked amounts; positions closed by the venue or by hand."""

from decimal import Decimal

import pytest

from tests.testing.stories import PERP, Story, book, books, ends_well, fill, known, new, sent, submit, table

D = Decimal
LONG = (submit(qty=2), fill("A", 2))
STOPPED = (*LONG, submit("S", 2, 80, side="sell", type="stop", reduce_only=True), new("S", "vs"))
ON_PERP = {"instruments": [PERP], "cash": 1000}
HEDGED = {**ON_PERP, "mode": "hedging"}
LEGS = (
    submit("L", 2, 100, position="long"),
    fill("L", 2),
    submit("S", 2, 110, side="sell", position="short"),
    fill("S", 2, 110, "e2"),
)


@pytest.mark.parametrize(
    ("story", "times"),
    table(
        Story(
            "the venue liquidates a position: its stop has nothing left to reduce",
            [*STOPPED, fill("", 2, 70, "9", venue_order_id="autoclose-1", instrument="PERP", side="sell")],
            {
                "position": {"PERP": 0},
                "sent": [("submit", "A"), ("submit", "S"), ("cancel", "S")],
                "alerts": ["external"],
            },
            ON_PERP,
        ),
        Story(
            "the venue takes a part of a position off: its stop shrinks, and flatten sells what is left",
            [
                *STOPPED,
                fill("", "0.5", 70, "9", venue_order_id="adl", instrument="PERP", side="sell"),
                sent("command", "flatten"),
            ],
            {
                "position": {"PERP": D("1.5")},
                "sent": [
                    ("submit", "A"),
                    ("submit", "S"),
                    ("replace", "S"),
                    ("cancel", "S"),
                    ("submit", "desk-3"),
                ],
                "last": {"kind": "submit", "side": "sell", "qty": D("1.5"), "reduce_only": True},
            },
            ON_PERP,
        ),
        Story(
            "a position is closed by hand, and its owner closes it again",
            [
                submit(),
                fill("A"),
                fill("web-1", 1, 101, "e2", venue_order_id="w1", instrument="BTC", side="sell"),
                30,
                books(balances={"USD": 100_001}),
                sent("command", "flatten"),
            ],
            {"position": {"BTC": 0}, "sent": [("submit", "A")], "open": []},
        ),
        Story(
            "what somebody else was short of before stays his when we leave our position",
            [
                fill("", 2, 100, "9", venue_order_id="x", instrument="PERP", side="sell"),
                1,
                *LONG,
                sent("command", "flatten"),
            ],
            {"last": {"kind": "submit", "side": "sell", "qty": 2}},
            ON_PERP,
        ),
        Story(
            "the snapshot of open orders was taken before our order came",
            [30, *known(), books(balances={"USD": 100_000}), 6, books(open_orders=[book()])],
            {"status": {"A": "accepted"}, "doubt": {"A": False}, "alerts": []},
        ),
        Story(
            "an order that has filled is in the book for forty seconds more",
            [
                *known(),
                fill("A", venue_order_id="v1"),
                *(15, books(open_orders=[book()], positions={"BTC": 1}, balances={"USD": 99_900})) * 3,
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 1}, "alerts": []},
        ),
        Story(
            "an order that was canceled is in the book again: it is told once",
            [
                *known(),
                sent("cancel"),
                sent("canceled", venue_order_id="v1"),
                *(7, {"kind": "open_orders", "items": [book()]}, {"kind": "executions", "items": []}) * 2,
            ],
            {"status": {"A": "accepted"}, "alerts": ["revived"]},
        ),
        Story(
            "a lost order is in no book, and the account holds what it would have brought",
            [
                submit(price=None),
                sent("timeout", about="submit"),
                *(books(positions={"BTC": 1}, balances={"USD": 99_900}), 30) * 5,
            ],
            {"status": {"A": "unknown"}, "sent": [("submit", "A")], "held": ["BTC"], "position": {"BTC": 0}},
        ),
        Story(
            "a complete answer leaves an instrument out that we hold",
            [*LONG, *(30, books(balances={"USD": 99_800})) * 2],
            {"position": {"BTC": 2}, "open": ["position.quantity"], "alerts": ["difference"]},
        ),
        Story(
            "the account is short where we are long",
            [
                *LONG,
                *(
                    30,
                    books(
                        positions=[{"instrument": "BTC", "qty": 3, "side": "Short"}], balances={"USD": 99_800}
                    ),
                )
                * 3,
            ],
            {
                "position": {"BTC": 2},
                "sent": [("submit", "A")],
                "held": ["BTC"],
                "alerts": ["difference", "hold"],
            },
        ),
        Story(
            "flat positions are listed, of instruments that nobody knows too, and empty balances",
            [
                *(
                    30,
                    books(
                        positions=[
                            {"instrument": "BTC", "side": "", "qty": "0"},
                            {"instrument": "DOGE", "side": "None", "qty": 0},
                        ],
                        balances=[
                            {"currency": "USD", "total": "100000.00"},
                            {"currency": "XYZ", "total": "0"},
                        ],
                    ),
                )
                * 3
            ],
            {"open": [], "alerts": []},
        ),
        Story(
            "balances tell what is free and what an order has locked",
            [
                *known(),
                *(
                    30,
                    books(
                        open_orders=[book()],
                        balances=[{"asset": "USD", "free": "99900", "locked": "100", "ts": 30}],
                    ),
                )
                * 2,
            ],
            {"open": [], "cash": {"USD": 100_000}},
        ),
        Story(
            "a hedging account tells its sides in two rows",
            [
                *LEGS,
                *(
                    30,
                    books(
                        positions=[
                            {"instrument": "PERP", "position_side": "LONG", "qty": 2},
                            {"instrument": "PERP", "position_side": "SHORT", "qty": "-2"},
                        ],
                        balances={"USDT": 1000},
                    ),
                )
                * 2,
            ],
            {"open": [], "alerts": []},
            HEDGED,
        ),
        Story(
            "both sides of a hedging account are smaller at the venue, and their sum is the same",
            [
                *LEGS,
                *(
                    30,
                    books(
                        positions=[
                            {"instrument": "PERP", "side": "long", "qty": 1},
                            {"instrument": "PERP", "side": "short", "qty": 1},
                        ],
                        balances={"USDT": 1000},
                    ),
                )
                * 2,
            ],
            {"open": ["position.quantity"], "alerts": ["difference"], "position": {"PERP": 0}},
            HEDGED,
        ),
        Story(
            "the venue takes our long side off, and names it",
            [
                *LEGS,
                fill(
                    "", 2, 90, "9", venue_order_id="adl", instrument="PERP", side="sell", position_side="LONG"
                ),
                30,
                books(
                    positions=[
                        {"instrument": "PERP", "position_side": "LONG", "qty": 0},
                        {"instrument": "PERP", "position_side": "SHORT", "qty": 2},
                    ],
                    balances={"USDT": 1000},
                ),
                6,
            ],
            {
                "legs": {"EXTERNAL/PERP/LONG": -2, "desk/PERP/long": 2, "desk/PERP/short": -2},
                "open": [],
                "alerts": ["external"],
            },
            HEDGED,
        ),
        Story(
            "a positions answer is older than a trade",
            [
                submit(),
                {"kind": "positions", "items": []},
                fill("A"),
                books(balances={"USD": 100_000}),
                7,
                books(positions={"BTC": 1}, balances={"USD": 99_900}),
            ],
            {"open": [], "alerts": []},
        ),
        Story(
            "the account holds a position and other cash when it is taken over",
            [
                {"kind": "reconcile"},
                books(positions=[{"instrument": "BTC", "qty": 3, "price": 90}], balances={"USD": 5000}),
                30,
                books(positions={"BTC": 3}, balances={"USD": 5000}),
                submit(price=95),
            ],
            {
                "position": {"BTC": 3},
                "cash": {"USD": 5000},
                "alerts": ["adopted"],
                "status": {"A": "submitted"},
            },
            {"adopts": True},
        ),
        Story(
            "an order of nothing rests at the venue: it closes whatever is held",
            [
                {
                    "kind": "open_orders",
                    "items": [
                        book(
                            cid=None,
                            venue_order_id="c1",
                            side="sell",
                            qty=0,
                            type="STOP_MARKET",
                            price=None,
                            stop=9,
                        )
                    ],
                },
            ],
            {"status": {"external:c1": "accepted"}, "alerts": ["external"], "halted": False},
        ),
        Story(
            "funding is paid, and only the balance shows it",
            [*(30, books(balances={"USDT": "998.5"})) * 3],
            {"cash": {"USDT": D("998.5")}, "alerts": ["difference"]},
            {**ON_PERP, "practice": {"accept": {"cash": True}}},
        ),
        Story(
            "a cancel is under way when the link is lost, and has not come through",
            [
                *known(),
                sent("cancel"),
                {"kind": "disconnect"},
                40,
                {"kind": "reconnect"},
                books(open_orders=[book()], balances={"USD": 100_000}),
                sent("cancel"),
                sent("canceled"),
            ],
            {
                "status": {"A": "canceled"},
                "sent": [("submit", "A"), ("cancel", "A"), ("cancel", "A")],
                "alerts": ["link", "unknown"],
            },
        ),
        Story(
            "fills are lost with the link, and the order is gone from the book after it",
            [
                *known(qty=2),
                {"kind": "disconnect"},
                60,
                {"kind": "reconnect"},
                books(
                    executions=[{"cid": "A", "venue_order_id": "v1", "exec_id": "e", "qty": 2, "price": 100}],
                    positions={"BTC": 2},
                    balances={"USD": 99_800},
                ),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 2}, "open": [], "alerts": ["link"]},
        ),
        Story(
            "all is canceled, one has filled by then, and its cancel is refused",
            [
                submit("A"),
                new("A", "vA"),
                submit("B"),
                new("B", "vB"),
                sent("command", "cancel_all"),
                fill("A", venue_order_id="vA"),
                sent("cancel_rejected", "A", reason="unknown order"),
                sent("canceled", "B"),
            ],
            {"status": {"A": "filled", "B": "canceled"}, "position": {"BTC": 1}, "alerts": []},
        ),
        Story(
            "too many requests: the order may have come",
            [submit(), sent("error", about="submit", code=429, message="Too many requests"), 5],
            {"status": {"A": "unknown"}, "sent": [("submit", "A")], "alerts": ["unknown"]},
        ),
        Story(
            "a trade of an order that filled whole is void, and the venue works the order again",
            [
                *known(qty=2),
                fill("A", 2, venue_order_id="v1"),
                {"kind": "bust", "cid": "A", "exec_id": "e1"},
                *(7, {"kind": "open_orders", "items": [book(qty=2)]}, {"kind": "executions", "items": []})
                * 2,
            ],
            {"status": {"A": "accepted"}, "position": {"BTC": 0}, "alerts": ["bust", "revived"]},
        ),
    ),
)
def test_a_book_says_what_it_says_and_no_more(story: Story, times: int) -> None:
    ends_well(story, times)
