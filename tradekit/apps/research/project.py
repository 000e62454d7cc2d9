"""What a research page works on, as whoever serves it hands it in.

Knows no page.
"""

from dataclasses import dataclass

from tradekit.apps.research.offers import Offers
from tradekit.apps.research.promotion import Writer

__all__ = ["Project"]


@dataclass(frozen=True)
class Project:
    """What is offered, and who writes and starts configurations (None: nobody does)."""

    offers: Offers
    writer: Writer | None = None
