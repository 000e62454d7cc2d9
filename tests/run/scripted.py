"""Strategies that do as a script says, and random scripts and bars for them: the material of the run's laws.

Knows no rule of trading: it wishes for anything, sensible or not.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import param
from hypothesis import strategies as st

from tests.builders import START, Prices, bar
from tradekit.data.columns import BarColumns
from tradekit.errors import OrderError
from tradekit.indicators.averages import SMA
from tradekit.indicators.volatility import ATR
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled
from tradekit.state.shape import Order
from tradekit.strategy.base import Strategy

Wish = tuple[Any, ...]
Script = dict[int, list[Wish]]


class Scripted(Strategy):
    """Wishes by bar number (1 is the first; 0 is on_start; -1 is on_stop). Knows no callback but on_bar."""

    script: ClassVar[Script] = {}
    fast = param.Integer(2, bounds=(1, 9), doc="an average to look at [bars]")

    def on_start(self) -> None:
        self.n = 0
        self.average = self.indicator(SMA, self.fast)
        self.range = self.indicator(ATR, 3)
        self.mean = self.indicator(Mean)
        self.carry_out(self.script.get(0, []))

    def on_bar(self, bar: Bar) -> None:
        self.n += 1
        self.carry_out(self.script.get(self.n, []), bar)

    def on_stop(self) -> None:
        self.carry_out(self.script.get(-1, []))

    def carry_out(self, wishes: list[Wish], bar: Bar | None = None) -> None:
        for name, *args in wishes:
            try:
                getattr(self, f"wish_{name}")(bar, *args)
            except OrderError as error:
                self.signal("refused", 0, note=str(error))

    def wish_market(self, bar: Bar | None, side: str, qty: float) -> None:
        getattr(self, side)(qty, tag="m")

    def wish_resting(self, bar: Bar | None, side: str, qty: float, kind: str, away: float) -> None:
        getattr(self, side)(qty, **{kind: self.level(bar, away)})

    def wish_bracket(self, bar: Bar | None, side: str, qty: float, away: float) -> None:
        way = 1 if side == "buy" else -1
        getattr(self, side)(
            qty, stop_loss=self.level(bar, -way * away), take_profit=self.level(bar, way * 2 * away)
        )

    def wish_resting_bracket(self, bar: Bar | None, side: str, kind: str, away: float) -> None:
        way = 1 if side == "buy" else -1
        at = self.level(bar, way * away * (1 if kind == "stop" else -1))
        getattr(self, side)(1, **{kind: at}, stop_loss=at - way, take_profit=at + way)

    def wish_protect(self, bar: Bar | None, side: str, away: float) -> None:
        getattr(self, side)(1, stop=self.level(bar, away), reduce_only=True)

    def wish_to(self, bar: Bar | None, qty: float, reason: str) -> None:
        self.buy_to(qty, reason=reason)

    def wish_percent(self, bar: Bar | None, percent: float) -> None:
        self.target_percent(percent)

    def wish_close(self, bar: Bar | None) -> None:
        self.close(tag="out")

    def wish_signal(self, bar: Bar | None, direction: float) -> None:
        self.signal(
            "opinion", direction, note=f"{self.average.value:g} {self.range.value:g} {self.mean.value:g}"
        )

    def wish_cancel_all(self, bar: Bar | None) -> None:
        self.cancel_all(reason="enough")

    def wish_cancel_first(self, bar: Bar | None) -> None:
        self.cancel(next((name for name, o in self.state.orders.items() if o.working), "none"))

    def wish_replace_first(self, bar: Bar | None, qty: float, away: float) -> None:
        first = next((o for o in self.state.orders.values() if o.working), None)
        if first is not None:
            has = [kind for kind in ("limit", "stop") if getattr(first, kind) is not None]
            prices: dict[str, Any] = dict.fromkeys(has, self.level(bar, away))
            self.signal("replaced", self.replace(first.id, qty=qty, **prices))

    def wish_worded(self, bar: Bar | None, side: str, qty: float, words: str, away: float) -> None:
        """An order in other words than its price: see WORDED."""
        way = 1 if side == "buy" else -1
        at = self.level(bar, way * away)
        terms: dict[str, Any] = {
            "stop_limit": {"stop": at, "limit": self.level(bar, way * 2 * away)},
            "if_touched": {"if_touched": self.level(bar, -way * away)},
            "limit_if_touched": {"if_touched": self.level(bar, -way * away), "limit": at},
            "trail": {"trail": away},
            "trail_pct": {"trail_pct": away, "stop": self.level(bar, way * 3 * away)},
            "ioc": {"limit": at, "tif": "ioc"},
            "fok": {"tif": "fok"},
            "day": {"limit": self.level(bar, -way * away), "tif": "day"},
            "gtd": {"limit": self.level(bar, -way * away), "expires": START + 7 * 60_000_000_000},
            "post_only": {"limit": self.level(bar, -way * away), "post_only": True},
            "trailing_exit": {"stop_loss_trail": away, "take_profit": self.level(bar, way * 9)},
            "group": {"limit": self.level(bar, -way * away), "group": "pair"},
            "targets": {
                "take_profit": [(self.level(bar, way * away), 0.5), (self.level(bar, way * 2 * away), 0.5)],
                "stop_loss": self.level(bar, -way * 2 * away),
            },
            "break_even": {"stop_loss": self.level(bar, -way * 2 * away), "break_even": away},
            "timed": {"exit_after": "3m"},
            "timed_bracket": {
                "take_profit": [(self.level(bar, way * away), 0.5)],
                "stop_loss": self.level(bar, -way * 3 * away),
                "break_even": away / 2,
                "exit_after": "5m",
            },
        }[words]
        getattr(self, side)(qty, **terms)

    def wish_chain(self, bar: Bar | None, side: str, away: float) -> None:
        way = 1 if side == "buy" else -1
        first = getattr(self, side)(1, limit=self.level(bar, -way * away))
        self.sell(1, limit=self.level(bar, away), after=first)

    def wish_look(self, bar: Bar | None) -> None:
        """Tell what can be seen: the state in numbers, and the last bars."""
        state = self.state
        account = state.account
        seen = (
            state.seq, state.time, len(state.fills), len(state.orders), str(self.position()), account.equity,
            account.peak, account.unrealised, str(account.realised), len(state.pnl.curve),
            [(name, day.start, day.end) for name, day in state.pnl.days.items()],
            {name: (mark.ts, mark.last) for name, mark in state.marks.items()},
            [one.ts for one in self.bars(3)], len(self.bars(999)), sum(map(len, state.bars.get("BTC", {}).values())),
        )  # fmt: skip
        self.signal("look", 0, note=repr(seen))

    def wish_bars(self, bar: Bar | None, count: int) -> None:
        self.signal("bars", 0, note=repr([one.close for one in self.bars(count)]))

    def level(self, bar: Bar | None, away: float) -> float:
        return round((100.0 if bar is None else bar.close) + away, 1)


class Hearing(Scripted):
    """As above, and it answers what it hears: a target after each fill, a signal for each ended order."""

    def on_fill(self, fill: OrderFilled) -> None:
        self.signal("fill", 1 if fill.side == "buy" else -1, note=str(self.position()))
        if fill.rule == "market.open" and self.n % 3 == 0:
            self.sell(1, limit=float(fill.price) + 2, reduce_only=True)

    def on_order(self, order: Order) -> None:
        if not order.working:
            self.signal("ended", 0, note=f"{order.id} {order.status}")


class Mean:
    """A user's own indicator: no batch form, no warm-up said."""

    inputs: ClassVar[tuple[str, ...]] = ("close", "volume")

    def __init__(self) -> None:
        self.value, self.seen, self.ready = 0.0, 0, False

    def update(self, close: float, volume: float) -> None:
        self.seen += 1
        self.value += (close * volume - self.value) / self.seen
        self.ready = True


SIDES = st.sampled_from(["buy", "sell"])
QTYS = st.sampled_from([0.5, 1, 2, 3.3])
AWAY = st.sampled_from([0.3, 1.0, 2.5])
WORDED = [
    *("stop_limit", "if_touched", "limit_if_touched", "trail", "trail_pct", "ioc", "fok", "day", "gtd"),
    *("post_only", "trailing_exit", "group"),
    "targets",
    "break_even",
    "timed",
    "timed_bracket",
]
TARGETS: list[st.SearchStrategy[Wish]] = [
    st.tuples(st.just("to"), st.sampled_from([0, 1, 1, 2, -1, 0.55]), st.sampled_from(["", "why"])),
    st.tuples(st.just("close")),
    st.tuples(st.just("signal"), st.sampled_from([-1, 0.5, 1])),
]
OTHERS: list[st.SearchStrategy[Wish]] = [
    st.tuples(st.just("percent"), st.sampled_from([0, 50, 150, -40])),
    st.tuples(st.just("market"), SIDES, QTYS),
    st.tuples(
        st.just("resting"), SIDES, QTYS, st.sampled_from(["limit", "stop"]), AWAY | AWAY.map(lambda x: -x)
    ),
    st.tuples(st.just("bracket"), SIDES, QTYS, AWAY),
    st.tuples(st.just("resting_bracket"), SIDES, st.sampled_from(["limit", "stop"]), AWAY),
    st.tuples(st.just("protect"), SIDES, AWAY.map(lambda x: -x) | AWAY),
    st.tuples(st.just("cancel_all")),
    st.tuples(st.just("cancel_first")),
    st.tuples(st.just("worded"), SIDES, QTYS, st.sampled_from(WORDED), AWAY),
    st.tuples(st.just("worded"), SIDES, QTYS, st.sampled_from(WORDED), AWAY),
    st.tuples(st.just("chain"), SIDES, AWAY),
    st.tuples(st.just("replace_first"), QTYS, AWAY | AWAY.map(lambda x: -x)),
    st.tuples(st.just("look")),
    st.tuples(st.just("bars"), st.integers(0, 4)),
]
KINDS = st.sampled_from([Scripted, Scripted, Hearing])
SPECS = st.sampled_from(
    [
        Instrument(id="BTC"),
        Instrument(id="BTC", tick=Decimal("0.01")),  # more digits than the prices have
        Instrument(id="BTC", tick=Decimal("0.5"), lot=Decimal("0.1"), multiplier=Decimal(2)),
    ]
)
LIMITS = st.sampled_from(
    [
        {},
        {},
        {"max_position": 2},
        {"max_order_qty": 1, "max_order_notional": 250},
        {"leverage": 0.02},
        {"max_orders_per_minute": 2, "duplicate_window_s": 90, "max_gross_exposure": 250},
        {"self_cross": "deny", "price_collar_pct": 1.5, "max_price_age_s": 60, "max_daily_loss": 3},
    ]
)


@st.composite
def scripts(draw: st.DrawFn, length: int) -> Script:
    """Wishes on some bars; half of the scripts wish for targets and signals only, for some bars or for all."""
    plain_until = draw(st.sampled_from([0, length // 2, length + 1, length + 1]))
    script: Script = {}
    for n in (*range(length + 1), -1):
        if n == -1 or draw(st.booleans()):
            kinds = TARGETS if 0 <= n < plain_until else TARGETS + OTHERS
            script[n] = draw(st.lists(st.one_of(kinds), max_size=3 if n >= 0 else 1))
    return script


@st.composite
def markets(
    draw: st.DrawFn, spec: Instrument, *, least: int = 1, most: int = 14, timeframe: str = "1m"
) -> BarColumns:
    """Bars around 100 with gaps between them, some of them over midnight."""
    count = draw(st.integers(least, most))
    tenths = st.integers(970, 1030)
    rows = draw(st.lists(st.tuples(tenths, tenths, tenths, tenths), min_size=count, max_size=count))
    start = START + draw(st.sampled_from([0, 86_400_000_000_000 - 5 * duration(timeframe)]))
    prices: list[Prices] = [
        (o / 10, max(o, h, low, c) / 10, min(o, h, low, c) / 10, c / 10) for o, h, low, c in rows
    ]
    made = [bar(n, p, start=start, volume=float(n % 4), timeframe=timeframe) for n, p in enumerate(prices)]
    names = ("open", "high", "low", "close", "volume")
    return BarColumns(
        spec, timeframe,
        ts=np.array([b.ts for b in made], dtype=np.int64),
        **{name: np.array([getattr(b, name) for b in made]) for name in names},
    )  # fmt: skip


def with_script(kind: type[Scripted], script: Script) -> Callable[[], Scripted]:
    """Makes fresh strategies with this script."""
    return type(kind.__name__, (kind,), {"script": script, "__module__": __name__})


@st.composite
def runs(draw: st.DrawFn, *, least: int = 1) -> dict[str, Any]:
    """A strategy's maker, its bars and the run's options."""
    columns = draw(markets(draw(SPECS), least=least))
    return {
        "make": with_script(draw(KINDS), draw(scripts(len(columns)))),
        "bars": columns,
        "fee": draw(st.sampled_from([0, 0.001])),
        "slippage": draw(st.sampled_from([0, 0.0007])),
        "limits": draw(LIMITS),
    }
