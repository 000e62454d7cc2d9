"""Stories of what venues do by their own rules: ids that follow ids, impossible counts, copies, bans, the switch."""

from decimal import Decimal

import pytest

from tests.testing.stories import Story, book, books, ends_well, fill, known, new, played, sent, submit, table
from tradekit.testing.desk import Desk

D = Decimal

IDS = [
    Story(
        "a venue that replaces tells the old id as replaced, and the new one as an order that follows it",
        [
            *known(qty=83, price=12),
            sent("replace", price=13),
            {"kind": "order", "cid": "A", "venue_order_id": "v1", "status": "replaced"},
            new("", "v2", old_venue_order_id="v1", instrument="BTC", side="buy", qty=83, price=13),
            sent("canceled", "", venue_order_id="v1"),
            fill("", 83, 13, venue_order_id="v2"),
        ],
        {
            "status": {"A": "filled"},
            "limit": {"A": 13},
            "venue_id": {"A": "v2"},
            "position": {"BTC": 83},
            "alerts": [],
        },
    ),
    Story(
        "some of the old leg trades while its replacement is under way, which the venue tells as large as the first",
        [
            *known(qty=1),
            sent("replace", price=101),
            fill("A", D("0.165"), venue_order_id="v1"),
            {
                "kind": "replaced",
                "cid": "A",
                "venue_order_id": "v2",
                "old_venue_order_id": "v1",
                "qty": 1,
                "price": 101,
            },
            fill("A", D("0.835"), 101, "e2", venue_order_id="v2"),
        ],
        {"status": {"A": "filled"}, "position": {"BTC": 1}, "halted": False, "alerts": []},
    ),
    Story(
        "the report of the new id is lost, nothing trades, and the next cancel goes to it all the same",
        [
            *known(),
            sent("replace", price=101),
            sent("canceled", venue_order_id="v1"),
            {"kind": "open_orders", "items": [book(venue_order_id="v2", price=101)]},
            {"kind": "executions", "items": []},
            sent("cancel"),
        ],
        {"status": {"A": "accepted"}, "last": {"kind": "cancel", "venue_order_id": "v2"}},
    ),
    Story(
        "a book from before the change shows the old leg",
        [
            *known(),
            sent("replace", price=101),
            {
                "kind": "replaced",
                "cid": "A",
                "venue_order_id": "v2",
                "old_venue_order_id": "v1",
                "price": 101,
            },
            {"kind": "order", "cid": "A", "venue_order_id": "v1", "status": "canceled"},
            {"kind": "open_orders", "items": [book()]},
            {"kind": "executions", "items": []},
        ],
        {"status": {"A": "accepted"}, "limit": {"A": 101}, "venue_id": {"A": "v2"}, "alerts": []},
    ),
    Story(
        "a stop is set off under an id and without a name of ours, and its own id is gone",
        [
            *known(),
            fill("A"),
            submit("S", price=None, side="sell", stop=90, reduce_only=True),
            new("S", "algo"),
            *[
                step
                for _ in range(5)
                for step in (
                    31,
                    books(
                        executions=[
                            {
                                "venue_order_id": "x",
                                "exec_id": "t",
                                "instrument": "BTC",
                                "side": "sell",
                                "qty": 1,
                                "price": 89,
                            }
                        ],
                        balances=[{"currency": "USD", "total": 99_989}],
                    ),
                )
            ],
            {"kind": "command", "cid": "flatten"},
        ],
        {
            "position": {"BTC": 0},
            "cash": {"USD": 99_989},
            "open": [],
            "sent": [("submit", "A"), ("submit", "S"), ("cancel", "S")],
        },
    ),
    Story(
        "the report of the old id names the one that has taken its place",
        [
            *known(),
            sent("replace", price=101),
            {"kind": "replaced", "venue_order_id": "v1", "replaced_by": "v2"},
            fill("", 1, 101, venue_order_id="v2"),
        ],
        {"status": {"A": "filled"}, "limit": {"A": 101}, "venue_id": {"A": "v2"}, "alerts": []},
    ),
    Story(
        "a change gives the order another client id",
        [
            *known(),
            sent("replace", price=101),
            {
                "kind": "replaced",
                "cid": "A-2",
                "orig_cid": "A",
                "venue_order_id": "v2",
                "price": 101,
                "qty": 1,
            },
            fill("A-2", 1, 101, venue_order_id="v2"),
        ],
        {"status": {"A": "filled"}, "limit": {"A": 101}, "position": {"BTC": 1}, "alerts": []},
    ),
    Story(
        "the order's quantity comes beside that of its trade",
        [
            *known(qty=3),
            fill("A", 3, 105, last_qty=1, last_price=100, cum_qty=1),
            {
                "kind": "order",
                "cid": "A",
                "status": "part-filled",
                "qty": 3,
                "last_qty": 1,
                "exec_id": "e1",
                "cum_qty": 1,
            },
        ],
        {"filled": {"A": 1}, "qty": {"A": 3}, "cash": {"USD": 99_900}, "alerts": []},
    ),
]

COUNTS = [
    Story(
        "an order's count goes beyond its quantity, and nothing is left of it below zero",
        [
            *known(qty=10, price=96),
            {"kind": "order", "cid": "A", "amount": 10.0, "filled": 7.92, "remaining": 10.0, "status": None},
            {
                "kind": "order",
                "cid": "A",
                "amount": 10.0,
                "filled": 13.76,
                "remaining": -3.76,
                "status": None,
            },
        ],
        {"halted": True, "alerts": ["quarantine", "halted"], "position": {"BTC": 0}},
    ),
    Story(
        "a trade that fits comes with a count that does not",
        [*known(qty=2), fill("A", 1, 100, cum_qty=3)],
        {"halted": True, "filled": {"A": 1}, "alerts": ["quarantine", "halted"]},
    ),
    Story(
        "a book shows more filled of an order than it has",
        [*known(qty=2), {"kind": "open_orders", "items": [book(qty=2, cum_qty=5)]}],
        {"halted": True, "alerts": ["quarantine", "halted"]},
    ),
    Story(
        "somebody has made an order larger at the venue, whose count says so too",
        [*known(qty=2), {"kind": "order", "cid": "A", "status": "open", "qty": 5, "cum_qty": 3}],
        {"halted": False, "alerts": []},
    ),
    Story(
        "a page of positions is told twice over",
        [
            *known(),
            fill("A"),
            31,
            books(
                positions=[{"instrument": "BTC", "qty": 1, "price": 100}] * 2,
                balances=[{"currency": "USD", "total": 99_900}],
            ),
        ],
        {"open": [], "position": {"BTC": 1}},
    ),
    Story(
        "a hedging account holds the same twice on one side",
        [
            submit(qty=2, position="long"),
            fill("A", 2),
            31,
            books(
                positions=[{"instrument": "BTC", "side": "long", "qty": 1}] * 2,
                balances=[{"currency": "USD", "total": 99_800}],
            ),
        ],
        {"open": [], "position": {"BTC": 2}},
        {"mode": "hedging"},
    ),
]

WORDS = [
    Story(
        f"a copy of an order in doubt is refused: {words}",
        [submit(), {"kind": "timeout", "about": "submit", "cid": "A"}, sent("rejected", reason=words)],
        {"status": {"A": "unknown"}, "sent": [("submit", "A")]},
    )
    for words in (
        "Put Order Response : Client OrderID already exists",
        "client_order_id must be unique",
        "ClientOrderId has already been used",
        "the order is a duplicate, but the order report was not found",
    )
] + [
    Story(
        "an order that was answered at once is refused because its name is taken: it is none of ours that is there",
        [submit(), sent("rejected", reason="client order id already exists")],
        {"status": {"A": "rejected"}},
    ),
    Story(
        "an order is refused while its cancel is under way, which the venue had taken: its cancel is",
        [*known(), sent("cancel"), sent("rejected", reason="cancel rejected: too late"), 6],
        {"status": {"A": "accepted"}, "doubt": {"A": False}, "asked": ["executions", "open_orders"]},
    ),
    Story(
        "the cancel of an order is refused that nobody had answered: the order is",
        [submit(), sent("cancel"), sent("rejected", reason="insufficient balance")],
        {"status": {"A": "rejected"}},
    ),
    Story(
        "the refusal of a cancel does not take back that the order has filled",
        [*known(), sent("cancel"), fill("A"), sent("rejected", reason="order is filled")],
        {"status": {"A": "filled"}, "position": {"BTC": 1}, "alerts": []},
    ),
    Story(
        "a ban is told to a question",
        [submit(), {"kind": "error", "about": "open_orders", "code": 418, "message": "banned until 12:00"}],
        {"halted": True, "status": {"A": "submitted"}, "alerts": ["halted"]},
    ),
    Story(
        "too many requests are no ban",
        [*known(), {"kind": "error", "about": "open_orders", "code": 429, "message": "slow down"}],
        {"halted": False, "alerts": []},
    ),
]


@pytest.mark.parametrize(("story", "times"), table(*IDS))
def test_an_id_may_follow_another(story: Story, times: int) -> None:
    ends_well(story, times)


@pytest.mark.parametrize(("story", "times"), table(*COUNTS))
def test_a_count_that_cannot_be_stops_the_risk_and_what_is_told_twice_is_one(
    story: Story, times: int
) -> None:
    ends_well(story, times)


@pytest.mark.parametrize(("story", "times"), table(*WORDS))
def test_a_refusal_says_what_it_refuses(story: Story, times: int) -> None:
    ends_well(story, times)


def _cancels(desk: Desk) -> list[float]:
    """When a cancel went out [s since the start]."""
    return [(one["ts"] - desk.start) / 1e9 for one in desk.sent if one["kind"] == "cancel"]


def test_after_the_kill_switch_a_lost_cancel_is_asked_for_again_though_no_book_can_be_read() -> None:
    desk = played(Story("", [*known(), {"kind": "command", "cid": "kill"}], {}))
    for _ in range(3):
        desk.report(kind="timeout", about="cancel", cid="A")
        for name in ("open_orders", "executions"):
            desk.report(kind="error", about=name, code=503)
        desk.advance(10)
    assert _cancels(desk) == [0, 10, 20, 30]
    desk.report(kind="canceled", cid="A")
    desk.advance(60)
    assert len(_cancels(desk)) == 4


def test_after_the_kill_switch_cancels_wait_for_the_link_and_go_at_once_when_it_is_there() -> None:
    desk = played(Story("", [*known(), {"kind": "disconnect"}, {"kind": "command", "cid": "kill"}], {}))
    desk.advance(60)
    assert _cancels(desk) == [0]
    desk.report(kind="reconnect")
    desk.advance(0)
    assert _cancels(desk) == [0, 60]


def test_after_the_kill_switch_an_order_that_may_be_there_is_canceled_until_it_is_known_not_to_be() -> None:
    desk = played(
        Story("", [submit(), {"kind": "timeout", "cid": "A"}, {"kind": "command", "cid": "kill"}], {})
    )
    desk.report(kind="cancel_rejected", cid="A", reason="unknown order")
    desk.advance(20)
    assert (_cancels(desk), desk.status("A")) == ([0, 10, 20], "unknown")
    for _ in range(3):
        for name in ("open_orders", "executions"):
            desk.report(kind=name, items=[])
        desk.advance(30)
    sent_by_then = len(_cancels(desk))
    desk.advance(60)
    assert (desk.status("A"), len(_cancels(desk))) == ("rejected", sent_by_then)
