"""What a reader of a run's numbers should know before believing them.

Knows the curve, the limits in force and the denials; computes no statistics.
"""

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cautions"]


def cautions(
    equity: "pd.DataFrame",
    limits: Container[str],
    denials: Mapping[str, int],
    *,
    margin_calls: int = 0,
    unpriced: Iterable[str] = (),
) -> list[str]:
    """Sentences without a full stop, the gravest first; none when there is nothing to say.

    equity        columns equity, gross, as in `Result.equity`
    limits        names of the risk rules in force; denials by rule
    margin_calls  how often positions were liquidated
    unpriced      currencies without a known rate
    """
    found = [f"no rate of {one} is known: equity leaves that currency out; pass rates=" for one in unpriced]
    if margin_calls:
        many = "1 margin call" if margin_calls == 1 else f"{margin_calls} margin calls"
        found.append(f"{many}: positions were liquidated; the fills with rule liquidation.close show which")
    over = equity["gross"] > equity["equity"].clip(lower=0) * 1.000001
    if over.any() and "leverage" not in limits:
        worst = float((equity["gross"] / equity["equity"].where(equity["equity"] > 0)).max())
        found.append(f"exposure reached {worst:.1f} times equity; pass leverage=1 to refuse such orders")
    found += [f"{count} orders denied by {rule}" for rule, count in denials.items()]
    return found
