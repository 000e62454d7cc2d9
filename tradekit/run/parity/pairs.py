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
    twins: dict[str, str] = {}  # the backtest's orders by the session's
    taken: dict[str, str] = {}  # and back
    found = True
    while found:
        found = False
        theirs = _alike((one for one in backtest.values() if one.id not in taken), taken)
        for key, mine in _alike(
            (one for one in session.values() if one.id not in twins), _same(twins)
        ).items():
            for one, twin in zip(mine, theirs.get(key, ()), strict=False):
                twins[one.id], taken[twin.id] = twin.id, one.id
                found = True
    pairs: list[Pair] = [(one, backtest.get(twins.get(one.id, ""))) for one in session.values()]
    pairs += [(None, one) for one in backtest.values() if one.id not in taken]
    return sorted(pairs, key=lambda pair: _when(pair, rank))


def _same(twins: Mapping[str, str]) -> dict[str, str]:
    return {name: name for name in twins}


def _alike(deals: Iterable[Deal], known: Mapping[str, str]) -> dict[tuple[Any, ...], list[Deal]]:
    """Orders by what makes them comparable, each list in the order of deciding.

    known  the session's name of each order that has a twin: what follows from one that has none is left out
    """
    found: dict[tuple[Any, ...], list[Deal]] = defaultdict(list)
    for one in deals:
        about: Any
        if one.root in (INPUT, CALL) or one.root[:2] == ("command", "set_param"):
            about = (one.root[:2], one.place)
        elif one.root[0] == "order" and one.root[1] in known:
            about = ("order", known[one.root[1]])
        else:
            continue
        found[about, one.instrument, one.side, one.type, one.position].append(one)
    return found


def _when(pair: Pair, rank: Callable[[int], int]) -> tuple[int, bool, int]:
    """Of one place those come first that both have: what only one has may follow from them."""
    deal = pair[0] if pair[0] is not None else pair[1]
    return (0, False, 0) if deal is None else (rank(deal.place), None in pair, deal.seq)
