"""A session's books against its venue's, where the venue answers at once.

One turn of questions and answers through the order management. Knows no clock: it is told the time.
"""

from tradekit.core.event import Event
from tradekit.trading.office import Office
from tradekit.trading.venue import Venue

__all__ = ["compare"]


def compare(office: Office, venue: Venue, ts: int) -> list[Event]:
    """Ask for every book at `ts` [UTC ns] and hear what is known at once; what the engine told, not yet written."""
    office.look(ts)
    events: list[Event] = []
    while office.asks:
        for said in venue.ask(office.asks.pop(0), ts):
            events += office.hear(said, ts)
    office.requests.clear()  # wishes among the events are acted on by whoever writes them
    return events
