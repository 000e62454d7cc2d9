"""Stories of ids: replacements whose word is lost, copies that are refused, numbers that mean two orders."""

import pytest

from tests.testing.stories import Story, book, books, ends_well, fill, known, new, sent, submit, table

TWO = {"instruments": ["BTC", "ETH"]}
CHANGED = (*known(), sent("replace", price=101))
STOP = (
    submit(qty=2),
    fill("A", 2),
    submit("S", 2, 90, side="sell", type="stop", reduce_only=True),
    new("S", "algo7"),
)


@pytest.mark.parametrize(
    ("story", "times"),
    table(
        Story(
            "the word of a replacement is lost, and a trade names its new id",
            [
                *CHANGED,
                fill("A", "0.4", 101, venue_order_id="v2"),
                sent("canceled", venue_order_id="v1"),
                sent("cancel"),
            ],
            {
                "status": {"A": "partially_filled"},
                "venue_id": {"A": "v2"},
                "limit": {"A": 101},
                "held": [],
                "alerts": [],
                "last": {"kind": "cancel", "venue_order_id": "v2"},
            },
        ),
        Story(
            "the word of a replacement is lost, the old leg has ended, and only the book shows the new one",
            [
                *CHANGED,
                sent("canceled", venue_order_id="v1"),
                10,
                {"kind": "open_orders", "items": [book(venue_order_id="v2", price=101)]},
                {"kind": "executions", "items": []},
                sent("cancel"),
            ],
            {
                "doubt": {"A": False},
                "limit": {"A": 101},
                "last": {"kind": "cancel", "venue_order_id": "v2"},
                "alerts": ["unknown"],
            },
        ),
        Story(
            "a replacement is told as a new order, then the end of the old one under the same client id",
            [*CHANGED, new("A", "v2", qty=1, price=101), sent("canceled", venue_order_id="v1")],
            {
                "status": {"A": "accepted"},
                "venue_id": {"A": "v2"},
                "limit": {"A": 101},
                "alerts": [],
                "held": [],
            },
        ),
        Story(
            "that new order is canceled in its turn",
            [
                *CHANGED,
                new("A", "v2", qty=1, price=101),
                sent("canceled", venue_order_id="v1"),
                sent("canceled", venue_order_id="v2"),
            ],
            {"status": {"A": "canceled"}, "alerts": []},
        ),
        Story(
            "the old leg fills in part before its replacement, which is told with what was left",
            [
                *CHANGED,
                fill("A", "0.165", 100, venue_order_id="v1"),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", qty="0.835", price=101),
                fill("A", "0.835", 101, "e2", venue_order_id="v2"),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 1}, "halted": False, "alerts": []},
        ),
        Story(
            "the book lists that replacement with what was left, and counts from its beginning",
            [
                *CHANGED,
                fill("A", "0.25", 100, venue_order_id="v1"),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", qty=1, price=101),
                30,
                books(
                    open_orders=[book(venue_order_id="v2", qty="0.75", price=101)],
                    positions={"BTC": "0.25"},
                    balances={"USD": 99975},
                ),
                6,
            ],
            {"qty": {"A": 1}, "open": [], "alerts": []},
        ),
        Story(
            "the venue begins a replacement with the whole quantity again: so much more may fill",
            [
                *known(qty=10),
                fill("A", 4, venue_order_id="v1"),
                sent("replace", price=101),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", qty=10, cum_qty=0, price=101),
                fill("A", 10, 101, "e2", venue_order_id="v2"),
            ],
            {"status": {"A": "filled"}, "qty": {"A": 14}, "position": {"BTC": 14}, "halted": False},
        ),
        Story(
            "an order is made smaller, and the venue says that more of it has filled already",
            [
                *known(qty=10),
                sent("replace", qty=7),
                sent("replaced", qty=7, cum_qty=8),
                fill("A", 8, cum_qty=8),
            ],
            {"status": {"A": "filled"}, "qty": {"A": 8}, "position": {"BTC": 8}, "alerts": [], "held": []},
        ),
        Story(
            "an order is made smaller, and a trade under its old terms is told behind that",
            [*known(qty=3), sent("replace", qty=1), sent("replaced", qty=1), fill("A", 2)],
            {"status": {"A": "filled"}, "position": {"BTC": 2}, "halted": False, "alerts": ["late_fill"]},
        ),
        Story(
            "an order is replaced before its acknowledgement comes, which names the old id",
            [
                submit(),
                sent("replace", price=101),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", price=101),
                new("A", "v1"),
                sent("canceled", venue_order_id="v1"),
            ],
            {"status": {"A": "accepted"}, "venue_id": {"A": "v2"}, "alerts": []},
        ),
        Story(
            "somebody changes our order at the venue",
            [*known(qty=2), sent("replaced", venue_order_id="v1", qty=3, price=99)],
            {"qty": {"A": 3}, "limit": {"A": 99}, "alerts": ["changed"]},
        ),
        Story(
            "a stop that is set off goes on under another id, in parts",
            [
                *STOP,
                fill("S", 1, 89, "2", venue_order_id="m99", side="sell"),
                {"kind": "canceled", "venue_order_id": "algo7", "reason": "triggered"},
                fill("", 1, 88, "3", venue_order_id="m99", side="sell", instrument="BTC"),
            ],
            {"status": {"S": "filled"}, "own": {"BTC": 0}, "alerts": []},
        ),
        Story(
            "a stop that is set off is told as an order with another id",
            [*STOP, new("S", "m99"), {"kind": "canceled", "venue_order_id": "algo7"}, sent("cancel", "S")],
            {"status": {"S": "accepted"}, "last": {"kind": "cancel", "venue_order_id": "m99"}, "alerts": []},
        ),
        Story(
            "the end of an order comes before its acknowledgement",
            [submit(), sent("cancel"), sent("canceled"), new("A", "v1", qty=1, price=100)],
            {"status": {"A": "canceled"}, "alerts": []},
        ),
        Story(
            "the end comes first and names the venue's id: a trade that names it alone is ours",
            [
                submit(qty=2),
                sent("canceled", venue_order_id="v1"),
                fill("", 1, venue_order_id="v1", instrument="BTC", side="buy"),
            ],
            {"status": {"A": "canceled"}, "filled": {"A": 1}, "own": {"BTC": 1}, "alerts": ["late_fill"]},
        ),
        Story(
            "a copy of an order that the venue has is refused as a duplicate",
            [*known(), sent("rejected", reason="ClientOrderId is duplicated")],
            {"status": {"A": "accepted"}, "alerts": []},
        ),
        Story(
            "a copy of an order in doubt is refused as a duplicate: the first one may be there",
            [
                submit(),
                sent("timeout", about="submit"),
                sent("rejected", reason="Duplicate order sent."),
                {"kind": "open_orders", "items": [book()]},
            ],
            {"status": {"A": "accepted"}, "sent": [("submit", "A")], "held": []},
        ),
        Story(
            "an order that was not sent twice may be refused as a duplicate of another",
            [submit(), sent("rejected", reason="duplicate order id")],
            {"status": {"A": "rejected"}},
        ),
        Story(
            "the venue numbers orders by instrument: number 5 is an order of each",
            [
                submit("A", instrument="BTC"),
                new("A", "5"),
                submit("B", 1, 10, instrument="ETH"),
                new("B", "5"),
                fill("", venue_order_id="5", instrument="BTC", side="buy"),
                fill("", 1, 10, venue_order_id="5", instrument="ETH", side="buy"),
                {"kind": "canceled", "venue_order_id": "5", "instrument": "ETH"},
            ],
            {"status": {"A": "filled", "B": "filled"}, "position": {"BTC": 1, "ETH": 1}, "halted": False},
            TWO,
        ),
        Story(
            "somebody else's orders are numbered by instrument too",
            [
                {
                    "kind": "open_orders",
                    "items": [
                        book(cid=None, venue_order_id="5"),
                        book(cid=None, venue_order_id="5", instrument="ETH", side="sell", qty=2),
                    ],
                },
                fill("", venue_order_id="5", instrument="BTC", side="buy"),
                fill("", venue_order_id="5", instrument="ETH", side="sell"),
            ],
            {
                "status": {"external:5": "filled", "external:ETH:sell:5": "partially_filled"},
                "position": {"BTC": 1, "ETH": -1},
                "halted": False,
            },
            TWO,
        ),
        Story(
            "the venue gives yesterday's number to today's stop, and tells yesterday's trade again",
            [
                submit(qty=2),
                new("A", "1514"),
                fill("A", 2, venue_order_id="1514"),
                submit("S", 2, 90, side="sell", type="stop"),
                new("S", "1514"),
                {"kind": "restart"},
                {
                    "kind": "executions",
                    "items": [
                        {
                            "venue_order_id": "1514",
                            "exec_id": "e1",
                            "instrument": "BTC",
                            "side": "buy",
                            "qty": 2,
                            "price": 100,
                        }
                    ],
                },
            ],
            {"filled": {"A": 2, "S": 0}, "position": {"BTC": 2}, "halted": False},
        ),
        Story(
            "two orders of one side had one number, and the older one's trade is told again",
            [
                submit("A", 2),
                new("A", "1514"),
                fill("A", 2, venue_order_id="1514"),
                submit("B", 2),
                new("B", "1514"),
                fill("", 2, venue_order_id="1514", instrument="BTC", side="buy"),
            ],
            {"filled": {"A": 2, "B": 0}, "position": {"BTC": 2}},
        ),
        Story(
            "both legs are in the book while a replacement is under way",
            [
                *CHANGED,
                {"kind": "open_orders", "items": [book(), book(venue_order_id="v2", price=101)]},
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", price=101),
            ],
            {"venue_id": {"A": "v2"}, "status": {"A": "accepted", "external:v2": None}, "alerts": []},
        ),
        Story(
            "somebody else's order is known by his client id alone",
            [
                {"kind": "new", "cid": "web-1", "instrument": "BTC", "side": "sell", "qty": 2, "price": 120},
                fill("web-1", 1, 120, instrument="BTC", side="sell"),
                {"kind": "canceled", "cid": "web-1"},
            ],
            {"status": {"external:web-1": "canceled"}, "position": {"BTC": -1}, "alerts": ["external"]},
        ),
        Story(
            "three ids in a row, and the trades of each are told behind all changes",
            [
                *known(qty=3),
                sent("replace", price=101),
                sent("replaced", venue_order_id="v2", old_venue_order_id="v1", price=101),
                {"kind": "canceled", "venue_order_id": "v1"},
                sent("replace", price=102),
                sent("replaced", venue_order_id="v3", old_venue_order_id="v2", price=102),
                {"kind": "canceled", "venue_order_id": "v2"},
                *(fill("", venue_order_id=one, instrument="BTC", side="buy") for one in ("v1", "v2", "v3")),
            ],
            {"status": {"A": "filled"}, "position": {"BTC": 3}, "alerts": []},
        ),
    ),
)
def test_an_id_means_what_it_says(story: Story, times: int) -> None:
    ends_well(story, times)
