"""What a reader of a run's numbers should know before believing them.

Knows the curve, the limits in force and the denials; computes no statistics.
"""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cautions"]


def cautions(equity: "pd.DataFrame", limits: Container[str], denials: Mapping[str, int]) -> list[str]:
    """Sentences without a full stop, the gravest first; none when there is nothing to say.

    equity  columns equity, gross, as in `Result.equity`; limits names of the risk rules in force; denials by rule
    """
    found = []
    over = equity["gross"] > equity["equity"].clip(lower=0) * 1.000001
    if over.any() and "leverage" not in limits:
        worst = float((equity["gross"] / equity["equity"].where(equity["equity"] > 0)).max())
        found.append(f"exposure reached {worst:.1f} times equity; pass leverage=1 to refuse such orders")
    found += [f"{count} orders denied by {rule}" for rule, count in denials.items()]
    return found
