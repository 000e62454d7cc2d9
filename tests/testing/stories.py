"""Stories of faults at venues as tables: what happens, step by step, and what a careful trader expects to find then.

A story is played as it is, and with each report told twice: a report that is repeated changes nothing. Knows no fault.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from tradekit.model.instrument import Instrument, Kind
from tradekit.testing.desk import Desk

__all__ = [
    "PERP",
    "Story",
    "book",
    "books",
    "ends_well",
    "fill",
    "known",
    "new",
    "played",
    "sent",
    "submit",
    "table",
]

Step = Mapping[str, Any] | float
PERP = Instrument(id="PERP", quote="USDT", base="BTC", kind=Kind.PERPETUAL, margin=Decimal("0.1"))


class Story(NamedTuple):
    """A fault in a sentence, the steps that it takes, and what is expected; `desk` is the desk it is played on."""

    fault: str
    steps: Sequence[Step]
    expects: Mapping[str, Any]
    desk: Mapping[str, Any] = {}
    twice: bool = True


# --- steps: a number lets so many seconds pass ----------------------------------------------------------------------


def submit(cid: str = "A", qty: object = 1, price: object = 100, **words: Any) -> Step:
    return {"kind": "submit", "cid": cid, "qty": qty, "price": price, **words}


def new(cid: str = "A", venue_id: str = "v1", **words: Any) -> Step:
    return {"kind": "new", "cid": cid, "venue_order_id": venue_id, **words}


def known(cid: str = "A", qty: object = 1, price: object = 100, **words: Any) -> tuple[Step, Step]:
    """An order that the venue has as v1."""
    return submit(cid, qty, price, **words), new(cid)


def fill(cid: str = "", qty: object = 1, price: object = 100, exec_id: object = "e1", **words: Any) -> Step:
    return {"kind": "fill", "cid": cid, "exec_id": exec_id, "qty": qty, "price": price, **words}


def sent(kind: str, cid: str = "A", **words: Any) -> Step:
    """What the desk is asked to send."""
    return {"kind": kind, "cid": cid, **words}


def book(**words: Any) -> dict[str, Any]:
    """An order in the venue's book."""
    shown = {"cid": "A", "venue_order_id": "v1", "instrument": "BTC", "side": "buy", "qty": 1, "price": 100}
    return {name: value for name, value in {**shown, "cum_qty": 0, **words}.items() if value is not None}


def books(**items: Any) -> Step:
    """The answers to a look at all books; what is left out is empty."""
    return {"kind": "books", **items}


# --- playing ----------------------------------------------------------------------------------------------------------


def played(story: Story, times: int = 1) -> Desk:
    desk = Desk(**{"limits": {}, **story.desk})
    for step in story.steps:
        if isinstance(step, Mapping):
            _take(desk, dict(step), times)
        else:
            desk.advance(step)
    return desk


def _take(desk: Desk, step: dict[str, Any], times: int) -> None:
    match step["kind"]:
        case "submit":
            desk.submit(**_words(step))
        case "cancel":
            desk.cancel(step["cid"])
        case "replace":
            desk.replace(**_words(step))
        case "command":
            desk.command(step["cid"], **step.get("args", {}))
        case "restart":
            desk.restart()
        case "reconcile":
            desk.reconcile()
        case "books":
            for name in ("open_orders", "executions", "positions", "balances"):
                for _ in range(times):
                    desk.report(kind=name, items=step.get(name, []))
        case _:
            for _ in range(times):
                desk.report(step)


def _words(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name != "kind"}


def _found(desk: Desk) -> dict[str, Any]:
    state = desk.state
    orders = state.orders
    return {
        "status": {name: desk.status(name) for name in orders},
        "filled": {name: one.filled for name, one in orders.items()},
        "venue_id": {name: one.venue_id for name, one in orders.items()},
        "limit": {name: one.limit for name, one in orders.items()},
        "qty": {name: one.qty for name, one in orders.items()},
        "fees": {name: one.fees for name, one in orders.items()},
        "doubt": {name: one.doubt is not None for name, one in orders.items()},
        "position": {name: desk.position(name) for name in state.instruments},
        "own": {name: state.position("desk", name) for name in state.instruments},
        "legs": {name: one.qty for name, one in state.positions.items()},
        "cash": state.account.cash,
        "sent": [(one["kind"], one["cid"]) for one in desk.sent if one["kind"] != "query"],
        "last": next((one for one in reversed(desk.sent) if one["kind"] != "query"), {}),
        "asked": sorted({one["what"] for one in desk.queries()}),
        "alerts": [one["kind"] for one in desk.alerts],
        "open": [one.kind for one in desk.differences],
        "halted": state.risk.halted,
        "held": sorted(state.risk.holds),
        "set_aside": [one.exec_id for one in state.health.reconciliation.quarantine],
    }


def ends_well(story: Story, times: int) -> None:
    """Play a story and compare what is found with what is expected; of a mapping only the names that are given."""
    found = _found(played(story, times))
    for what, wanted in story.expects.items():
        have = found[what]
        if isinstance(wanted, Mapping):
            have = {name: have.get(name) for name in wanted}
            wanted = {name: Decimal(value) if _number(value) else value for name, value in wanted.items()}
        assert (what, have) == (what, wanted), story.fault


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def table(*stories: Story) -> list[Any]:
    """The parameters of a test: each story once, and with each report twice."""
    return [
        pytest.param(story, times, id=f"{story.fault}{', everything told twice' * (times - 1)}")
        for story in stories
        for times in ((1, 2) if story.twice else (1,))
    ]
