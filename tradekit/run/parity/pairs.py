"""Which order of a session is which of its backtest: decided from the same input, or from what became of a pair.

Knows two lists of orders and nothing of why they differ.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from tradekit.run.parity.lives import CALL, INPUT, Deal

__all__ = ["Pair", "paired"]

Pair: TypeAlias = tuple[Deal | None, Deal | None]  # the session's, the backtest's; one of them may be missing


def paired(
    session: Mapping[str, Deal], backtest: Mapping[str, Deal], rank: Callable[[int], int]
) -> list[Pair]:
    """Every order once, in the order of deciding; `rank` says where a place stands.

    Orders that follow from the same input are paired by instrument, side, kind and their number among those alike;
    then those that follow from an order of a pair, and so on.
    """
    ours, theirs = _families(session.values()), _families(backtest.values())
    twins: dict[str, str] = {}  # the backtest's orders by the session's
    left = [(ours[""], theirs[""])]
    for mine, other in left:  # which grows: what follows from a pair comes behind it
        found = [pair for key, alike in mine.items() for pair in zip(alike, other.get(key, ()), strict=False)]
        twins.update((one.id, twin.id) for one, twin in found)
        left += [
            (ours[one.id], theirs[twin.id]) for one, twin in found if one.id in ours and twin.id in theirs
        ]
    taken = set(twins.values())
    pairs: list[Pair] = [(one, backtest.get(twins.get(one.id, ""))) for one in session.values()]
    pairs += [(None, one) for one in backtest.values() if one.id not in taken]
    return sorted(pairs, key=lambda pair: _when(pair, rank))


def _families(deals: Iterable[Deal]) -> dict[str, dict[tuple[Any, ...], list[Deal]]]:
    """Orders by the one that they follow from, "" for an input, then by what makes them comparable."""
    found: dict[str, dict[tuple[Any, ...], list[Deal]]] = {"": defaultdict(list)}
    for one in deals:
        alike = (one.instrument, one.side, one.type, one.position)
        if one.root in (INPUT, CALL) or one.root[:2] == ("command", "set_param"):
            found[""][one.root[:2], one.place, *alike].append(one)
        elif one.root[0] == "order":
            found.setdefault(one.root[1], defaultdict(list))[alike].append(one)
    return found


def _when(pair: Pair, rank: Callable[[int], int]) -> tuple[int, bool, int]:
    """Of one place those come first that both have: what only one has may follow from them."""
    deal = pair[0] if pair[0] is not None else pair[1]
    return (0, False, 0) if deal is None else (rank(deal.place), None in pair, deal.seq)
