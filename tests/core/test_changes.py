from decimal import Decimal

import msgspec
import pytest

from tests.core.journal_contract import mark
from tradekit.core.changes import Change, watch_changes
from tradekit.core.event import Event
from tradekit.core.store import Store
from tradekit.errors import ConfigError


class Order(msgspec.Struct):
    status: str
    filled: Decimal = Decimal(0)


class Book(msgspec.Struct):
    orders: dict[str, Order] = {}
    bars: dict[str, list[float]] = {}
    cash: Decimal = Decimal(100)
    count: int = 0


def fold(book: Book, event: Event) -> tuple[tuple[str, ...], ...]:
    """The event's key says what happens: `status ORDER VALUE`, `drop ORDER`, `bar SERIES`, `cash`, `touch`."""
    word, *rest = event.key.split(" ")
    book.count += 1
    match word:
        case "status":
            book.orders.setdefault(rest[0], Order("new")).status = rest[1]
            return (("orders", rest[0]), ("count",))
        case "drop":
            del book.orders[rest[0]]
            return (("orders", rest[0]), ("orders",))
        case "bar":
            book.bars.setdefault(rest[0], []).append(float(event.seq))
            return (("bars", rest[0]),)
        case "cash":
            book.cash += 1
            return (("cash",),)
    return (("orders",), ("cash",))


@pytest.fixture
def store() -> Store[Book]:
    return Store(Book(), fold)


def tell(store: Store[Book], *words: str) -> None:
    for word in words:
        store.apply(mark(store.seq + 1, key=word))


def told(store: Store[Book], pattern: str) -> list[tuple[str, object, object]]:
    heard: list[tuple[str, object, object]] = []
    watch_changes(store, pattern, lambda change: heard.append((change.path, change.old, change.new)))
    return heard


def test_old_and_new_are_told_for_one_value(store: Store[Book]) -> None:
    heard = told(store, "cash")
    tell(store, "cash", "touch", "cash")
    assert heard == [("cash", Decimal(100), Decimal(101)), ("cash", Decimal(101), Decimal(102))]


def test_a_glob_tells_each_path_that_appears_changes_or_goes(store: Store[Book]) -> None:
    tell(store, "status a sent")
    heard = told(store, "orders.*.status")
    tell(store, "status a filled", "status b sent", "touch", "status b sent", "drop a")
    assert heard == [
        ("orders.a.status", "sent", "filled"),
        ("orders.b.status", None, "sent"),
        ("orders.a.status", "filled", None),
    ]


def test_what_was_told_does_not_change_afterwards(store: Store[Book]) -> None:
    heard = told(store, "orders.a")
    tell(store, "status a sent", "status a filled")
    new, filled = {"status": "sent", "filled": Decimal(0)}, {"status": "filled", "filled": Decimal(0)}
    assert heard == [("orders.a", None, new), ("orders.a", new, filled)]


def test_a_key_may_hold_dots(store: Store[Book]) -> None:
    heard, all_bars = told(store, "bars.BTCUSDT.15m"), told(store, "bars.*.15m")
    tell(store, "bar BTCUSDT.15m", "bar ETHUSDT.15m", "bar BTCUSDT.1h")
    assert heard == [("bars.BTCUSDT.15m", None, [1.0])]
    assert [path for path, _, _ in all_bars] == ["bars.BTCUSDT.15m", "bars.ETHUSDT.15m"]


def test_a_change_names_its_event_and_a_cancelled_watch_hears_no_more(store: Store[Book]) -> None:
    heard: list[Change] = []
    with watch_changes(store, "cash", heard.append):
        tell(store, "cash")
    tell(store, "cash")
    assert [change.event.seq for change in heard] == [1]


def test_a_bad_pattern_is_refused(store: Store[Book]) -> None:
    with pytest.raises(ConfigError, match="path pattern"):
        watch_changes(store, "orders..status", print)
