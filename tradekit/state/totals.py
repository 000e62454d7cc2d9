"""What all positions come to, by currency, kept up as single ones change: a mark costs the same however many there are.

The sums are exact, so they depend on what is held now and not on how it came about: whoever sums up anew, after a
restart or in a replica, has the same to the last bit. They are remembered beside the state and are no part of it.
"""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeAlias

from tradekit.model.account import AccountType
from tradekit.model.money import approximate
from tradekit.state.shape import Position, State

__all__ = ["Stake", "Totals", "forget", "totals_of"]

Part: TypeAlias = Sequence[int]
_SCALE = 1 << 64  # sums count in these parts: all that a float of 1e-3 or more says


class Stake(NamedTuple):
    """What positions come to in their currency: how many they are, their part of equity, and what that rests on."""

    held: int
    worth: float
    unrealised: float
    net: float
    gross: float
    used: float
    maintenance: float


_NO_PART: Part = (0, 0, 0, 0, 0, 0, 0)
_NOTHING = Stake(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class Totals:
    """The sums of what is held, by currency."""

    def __init__(self, state: State) -> None:
        self._sums: dict[str, Part] = {}
        self._parts: dict[str, tuple[str, Part]] = {}  # by position: its currency and its part of the sums
        self._odd: dict[str, tuple[str, Stake]] = {}  # positions at a mark that is no number
        for key in state.positions:
            self.take(state, key)

    def take(self, state: State, key: str) -> None:
        """Take note that a position has changed, or is gone."""
        position = state.positions.get(key)
        known = self._parts.get(key)
        if known is not None and (position is None or not position.qty or known[0] != position.currency):
            del self._parts[key]
            self._add(known[0], _NO_PART, known[1])
            known = None
        self._odd.pop(key, None)
        if position is None or not position.qty:
            return
        currency, part = position.currency, _part(state, position)
        if part is None:
            part, self._odd[key] = _NO_PART, (currency, _stake(state, position))
        self._parts[key] = (currency, part)
        self._add(currency, part, _NO_PART if known is None else known[1])

    def _add(self, currency: str, part: Part, before: Part) -> None:
        sums = self._sums.get(currency, _NO_PART)
        self._sums[currency] = [sum_ + new - old for sum_, new, old in zip(sums, part, before, strict=True)]

    @property
    def currencies(self) -> AbstractSet[str]:
        """Those that positions are or were in."""
        return self._sums.keys()

    def of(self, currency: str, *, without: Collection[str] = ()) -> Stake:
        """The sum of what is held in a currency, some positions left out."""
        sums = self._sums.get(currency)
        if sums is None:
            return _NOTHING
        for key in without:
            if key in self._parts and self._parts[key][0] == currency:
                sums = [a - b for a, b in zip(sums, self._parts[key][1], strict=True)]
        total = Stake(
            sums[0], sums[1] / _SCALE, sums[2] / _SCALE, sums[3] / _SCALE, sums[4] / _SCALE, sums[5] / _SCALE,
            sums[6] / _SCALE,
        )  # fmt: skip
        for key, (other, stake) in self._odd.items():
            if other == currency and key not in without:
                total = Stake._make(a + b for a, b in zip(total, stake, strict=True))
        return total


def totals_of(state: State) -> Totals:
    """The totals of a state; made when they are first asked for."""
    known: Totals | None = state.__dict__.get("totals")
    if known is None:
        known = state.__dict__["totals"] = Totals(state)
    return known


def forget(state: State) -> None:
    """Sum up anew when it is next asked for: the terms of instruments may have changed."""
    state.__dict__.pop("totals", None)


def _part(state: State, position: Position) -> Part | None:
    """A position's part of the sums; None where its mark is no number."""
    try:
        value, unrealised = int(position.value * _SCALE), int(position.unrealised * _SCALE)
    except (OverflowError, ValueError):
        return None
    worth, gross = unrealised if position.margined else value, abs(value)
    if state.account.type is AccountType.UNLIMITED:
        return 1, worth, unrealised, value, gross, 0, 0
    initial, least = _margins(state, position)
    at_stake = abs(position.value) * _SCALE
    return 1, worth, unrealised, value, gross, int(at_stake * initial), int(at_stake * least)


def _stake(state: State, position: Position) -> Stake:
    """The same as floats, whatever they are; the position itself is counted with its part."""
    worth, gross = position.unrealised if position.margined else position.value, abs(position.value)
    initial, least = _margins(state, position)
    return Stake(1, worth, position.unrealised, position.value, gross, gross * initial, gross * least)


def _margins(state: State, position: Position) -> tuple[float, float]:
    """The fractions of its value that a position needs: initial and maintenance margin."""
    kind, spec = state.account.type, state.instruments.get(position.instrument)
    if kind is AccountType.UNLIMITED:
        return 0.0, 0.0
    if spec is None or kind is AccountType.CASH:
        return 1.0, 0.0
    return approximate(spec.margin), approximate(spec.least_margin)
