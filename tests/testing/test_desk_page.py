"""docs/desk.md keeps its word: its examples run, every kind of report, of difference and every setting is on it."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tradekit.config.schema import ReconciliationSection
from tradekit.errors import OrderError
from tradekit.testing.desk import Desk
from tradekit.testing.keys import KEYS
from tradekit.testing.said import KINDS, said
from tradekit.trading.reconcile.books import ACCEPT, Practice

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "desk.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_examples_run(block: str) -> None:
    desk = Desk(["BTC"], 10_000)
    desk.submit(cid="A", qty=2, price=100)
    exec(block, {"report": desk.report, "Desk": Desk})  # noqa: S102 - our own page


def test_every_kind_of_report_has_an_example() -> None:
    assert set(re.findall(r'"kind": "(\w+)"', PAGE)) == set(KINDS)


def test_every_key_is_on_the_page() -> None:
    assert {key for key in KEYS if key not in PAGE} == set()


def test_every_kind_of_difference_is_on_the_page_with_its_policy() -> None:
    rows = re.findall(r"^\| `([a-z]+(?:\.[a-z]+)?)` \|.*\| (yes|no) \|$", PAGE, re.M)
    assert {kind: word == "yes" for kind, word in rows} == ACCEPT


def test_its_configuration_is_the_default_one() -> None:
    (shown,) = [
        yaml.safe_load(block)["reconciliation"] for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    ]
    default = ReconciliationSection()
    assert {name: float(getattr(default, name)) for name in shown if name != "accept"} == {
        name: float(value) for name, value in shown.items() if name != "accept"
    }
    assert set(shown) == set(default.__struct_fields__) <= set(Practice().__struct_fields__)
    Practice(accept=shown["accept"])


def test_every_word_of_the_desk_is_on_the_page() -> None:
    public = {name for name in vars(Desk) if not name.startswith("_")} | {"sent", "alerts", "events", "now"}
    assert {name for name in public if not re.search(rf"`[^`]*\b{name}\b", PAGE)} == set()
    words = set(inspect.signature(Desk).parameters)
    assert {word for word in words if not re.search(rf"\b{word}\b", PAGE)} == set()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "fil"}, "no report is of the kind 'fil' (did you mean 'fill'?); there are new, canceled"),
    (
        {"kind": "new", "reson": "A"},
        "a report of kind 'new' has no key 'reson' (did you mean 'reason'?); there are cid,",
    ),
    ({"kind": "positions", "items": [{"instrument": "BTC", "qy": 1}]}, "item 0 of positions has no key 'qy'"),
    ({"kind": "fill", "cid": "A", "qty": 1}, "a fill needs qty and price"),
    ({"kind": "fill", "cid": "A", "qty": "one", "price": 1}, "qty is 'one': give a number"),
    ({"kind": "new", "cid": "A", "side": "up"}, "side is 'up': say buy or sell"),
    ({"kind": "error", "about": "sumbit"}, "about is 'sumbit' (did you mean 'submit'?)"),
    ({"kind": "order", "cid": "A", "status": "odd"}, "status is 'odd': give one of new, open"),
    ({"kind": "new", "cid": "A", "type": "odd"}, "type is 'odd': give one of market"),
    ({"kind": "positions", "items": [{"qty": 1}]}, "a position needs instrument and qty"),
    ({"kind": "balances", "items": [{"total": 1}]}, "a balance needs currency and total"),
    ({"kind": "new", "cid": "A", "ts": [1]}, "ts is [1]: give UTC nanoseconds"),
]


@pytest.mark.parametrize(("report", "words"), WRONG)
def test_what_is_not_understood_is_refused_with_what_there_is(report: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError, match=re.escape(words)):
        Desk().report(report)


@pytest.mark.parametrize("ts", [7, "2026-01-05T15:00:07+00:00", 1_767_625_207_000_000_000])
def test_a_time_may_be_written_in_several_ways(ts: Any) -> None:
    desk = Desk(start="2026-01-05T15:00:00+00:00")
    (told,) = said({"kind": "new", "cid": "A", "ts": ts}, now=desk.now, start=desk.start)
    assert told.ts == desk.start + 7 * 10**9


def test_books_may_be_worded_by_what_is_in_them_and_short_ones_as_a_mapping() -> None:
    desk = Desk(["BTC"], 100_000)
    desk.submit(cid="A", qty=2, price=100)
    desk.report(
        kind="open_orders", orders=[{"client_order_id": "A", "order_id": "v", "symbol": "BTC", "qty": 2}]
    )
    desk.report(kind="executions", trades=[])
    desk.report(kind="positions", positions={"BTC": 1})
    desk.report(kind="balances", balances={"USD": 99_000})
    assert [(one.id, one.theirs) for one in desk.differences] == [
        ("position.quantity:BTC", "1"),
        ("cash:USD", "99000"),
    ]
    desk.report(kind="cancelled", cid="A")
    assert desk.status("A") == "canceled"
