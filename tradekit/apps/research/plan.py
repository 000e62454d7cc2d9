"""What is to be run, as a viewer's form says it: bars, strategy, parameters, money and rules; and what is to be swept.

Pure. A value that cannot be is refused with the field it stands in; what a strategy takes is the strategy's to say.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tradekit.errors import ConfigError
from tradekit.sim.profiles import named

__all__ = ["METRICS", "Axis", "Plan", "Sweep", "axis_of", "plan_of", "sweep_of"]

_MOST_VALUES = 1000  # of one parameter
_MOST_CELLS = 20_000  # of one sweep
_MOST_DIGITS = 30  # of a number: written out, 1e999999999 would fill the memory
METRICS = {
    "sharpe": "Sharpe",
    "total_return": "Total return",
    "max_drawdown": "Max drawdown",
    "calmar": "Calmar",
    "sortino": "Sortino",
    "profit_factor": "Profit factor",
    "win_rate": "Won",
    "trades": "Trades",
}
_FRACTIONS = ("fee", "slippage")


class Plan(msgspec.Struct, frozen=True):
    """One run. Equal plans on the same files give the same run.

    data, strategy  names as the page offers them
    params          the strategy's parameters by name
    cash            opening balance; fee and slippage are fractions, leverage a multiple of equity ("" allows any)
    rules           the fill rules, as `tradekit backtest --rules` takes them
    """

    data: tuple[str, ...]
    strategy: str
    params: dict[str, Any]
    cash: str = "10000"
    fee: str = "0"
    slippage: str = "0"
    leverage: str = ""
    rules: str = "default"

    @property
    def terms(self) -> dict[str, str]:
        """Money and rules by name, as a viewer reads them."""
        return {name: getattr(self, name) for name in ("cash", "fee", "slippage", "leverage", "rules")}


class Axis(msgspec.Struct, frozen=True):
    """The values of one parameter."""

    name: str
    values: tuple[Any, ...]


class Sweep(msgspec.Struct, frozen=True):
    """A plan over the values of one parameter or two.

    metric  the statistic that is mapped, the highest being the best
    order   "<" keeps combinations whose first value is below the second, ">" those above it, "" all
    """

    plan: Plan
    axes: tuple[Axis, ...]
    metric: str
    order: str = ""

    def cells(self) -> int:
        """How many combinations there are, before `order`."""
        count = 1
        for axis in self.axes:
            count *= len(axis.values)
        return count


def plan_of(asked: Mapping[str, Any]) -> Plan:
    """The plan that a form's values say; raises ConfigError that names the field."""
    data = asked.get("data")
    if not isinstance(data, list) or not data or not all(isinstance(one, str) and one for one in data):
        raise ConfigError("data: choose the bars to run on")
    if len(set(data)) < len(data):
        raise ConfigError("data: the same bars are chosen twice; take one of them away")
    strategy, params = asked.get("strategy"), asked.get("params", {})
    if not isinstance(strategy, str) or not strategy:
        raise ConfigError("strategy: choose one")
    if not isinstance(params, dict):
        raise ConfigError("params: give values by name")
    rules = str(asked.get("rules") or "default").strip()
    named(rules)  # raises what is wrong with them
    fee, slippage = (_fraction(name, asked.get(name)) for name in _FRACTIONS)
    return Plan(
        tuple(data), strategy, dict(params), cash=_positive("cash", asked.get("cash", "10000")), fee=fee,
        slippage=slippage, leverage=_positive("leverage", asked.get("leverage"), wanted=False), rules=rules,
    )  # fmt: skip


def sweep_of(asked: Mapping[str, Any]) -> Sweep:
    """The sweep that a form's values say: a plan's, and axes, metric, order; raises ConfigError."""
    plan = plan_of(asked)
    told = asked.get("axes")
    if not isinstance(told, list) or not 1 <= len(told) <= 2:
        raise ConfigError("sweep: choose one parameter or two")
    axes = tuple(axis_of(str(one.get("name", "")), str(one.get("values", ""))) for one in told)
    if len({axis.name for axis in axes}) < len(axes):
        raise ConfigError(f"sweep: {axes[0].name} is chosen twice")
    metric, order = str(asked.get("metric", "sharpe")), str(asked.get("order", ""))
    if metric not in METRICS:
        raise ConfigError(f"sweep: {metric!r} is not one of {', '.join(METRICS)}")
    if order not in ("", "<", ">") or (order and len(axes) < 2):
        raise ConfigError("sweep: the order is < or > between two parameters")
    made = Sweep(plan, axes, metric, order)
    if made.cells() > _MOST_CELLS:
        raise ConfigError(
            f"sweep: {made.cells():,} combinations are more than {_MOST_CELLS:,}; take wider steps, or tk.sweep"
        )
    return made


def axis_of(name: str, text: str) -> Axis:
    """A parameter's values from "5, 10, 20" or "5:50:5": first, last and step, the last included if a step meets it."""
    if not name:
        raise ConfigError("sweep: choose a parameter")
    parts = [part.strip() for part in text.split(":")]
    values = _steps(name, parts) if len(parts) in (2, 3) else [_value(one) for one in _listed(text)]
    if not values:
        raise ConfigError(f"sweep: {name} has no values; write 5:50:5 (first:last:step) or 5, 10, 20")
    if len(values) > _MOST_VALUES:
        raise ConfigError(f"sweep: {name} has {len(values):,} values; {_MOST_VALUES:,} are the most")
    if any(
        type(value) is float for value in values
    ):  # as the sweep's table has them: a column is of one kind
        values = [float(value) if type(value) is int else value for value in values]
    return Axis(name, tuple(dict.fromkeys(values)))


def _steps(name: str, parts: Sequence[str]) -> list[Any]:
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        raise ConfigError(
            f"sweep: {name}: {':'.join(parts)} is no range; write first:last:step, such as 5:50:5"
        )
    first, last, step = (*(number for number in numbers if number is not None), Decimal(1))[:3]
    if not step or (last - first) / step < 0:
        raise ConfigError(f"sweep: {name}: steps of {step} do not lead from {first} to {last}")
    count = int((last - first) / step) + 1
    if count > _MOST_VALUES:
        raise ConfigError(f"sweep: {name} has {count:,} values; {_MOST_VALUES:,} are the most")
    return [_plain(first + step * n) for n in range(count)]


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _value(text: str) -> Any:
    number = _number(text)
    if number is not None:
        return _plain(number)
    return {"true": True, "false": False}.get(text.lower(), text)


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _number(text: object) -> Decimal | None:
    try:
        number = Decimal(str(text).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS else None


def _positive(name: str, value: object, *, wanted: bool = True) -> str:
    if not wanted and str(value or "").strip() == "":
        return ""
    number = _number(value)
    if number is None or number <= 0:
        raise ConfigError(f"{name}: {value!r} is no number above zero")
    return f"{number:f}"


def _fraction(name: str, value: object) -> str:
    number = _number(value if str(value or "").strip() else 0)
    if number is None or not 0 <= number < 1:
        raise ConfigError(f"{name}: {value!r} is no fraction of a price; write 0.001 for 0.1 %")
    return f"{number:f}"
