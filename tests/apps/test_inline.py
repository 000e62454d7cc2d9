"""The cockpit inside a notebook, without a browser: who writes it, when it rests, and that it lets go of everything."""

import gc
import json
import weakref
from collections.abc import Iterator

import pytest
from ipywidgets.widgets.widget import _instances

from tests.widgets.lists import rows_of
from tests.widgets.test_flusher import eventually
from tradekit.apps.inline import InlineCockpit
from tradekit.model.session import SignalRaised
from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession
from tradekit.widgets.flusher import FLUSHER

SIGNAL = SignalRaised("breakout", "BTCUSDT", "by hand", -1.0)


@pytest.fixture
def view(played: tuple[StageSession, Play]) -> Iterator[InlineCockpit]:
    made = InlineCockpit(played[0], theme="dark")
    yield made
    made.close()
    assert eventually(lambda: not FLUSHER.running)


def says(view: InlineCockpit, op: object) -> None:
    """The page says something of the ribbon, which speaks for all panes."""
    ribbon = view._panes["ribbon"]
    ribbon._msg_callbacks(ribbon, op, [])


def test_the_flusher_writes_the_panes(view: InlineCockpit, played: tuple[StageSession, Play]) -> None:
    session, panes = played[0], view._panes
    assert json.loads(panes["ribbon"].ribbon)["page"] is False
    session.replica.fold(SIGNAL)
    assert eventually(lambda: rows_of(panes["blotter"], "signals")[0]["name"] == "by hand")
    assert eventually(lambda: rows_of(panes["log"], "entries")[0]["text"] == "by hand \N{MINUS SIGN}1.0")


def test_while_no_page_shows_it_it_watches_nothing_and_then_it_shows_what_it_missed(
    view: InlineCockpit, played: tuple[StageSession, Play]
) -> None:
    session, panes = played[0], view._panes
    assert [name for name, pane in panes.items() if pane.hears] == ["ribbon"], "one speaks for all"
    for op in ({"op": "left"}, {"op": "left"}, {"op": "what"}, None):
        says(view, op)
    assert session.replica.watches == []
    session.replica.fold(SIGNAL)
    for op in ({"op": "here"}, {"op": "here"}):
        says(view, op)
    assert len(session.replica.watches) == 1
    assert eventually(lambda: rows_of(panes["blotter"], "signals")[0]["name"] == "by hand")
    assert eventually(lambda: rows_of(panes["log"], "entries")[0]["text"] == "by hand \N{MINUS SIGN}1.0")


def test_a_closed_one_is_collected_with_all_its_panes_and_lets_its_session_go() -> None:
    before = set(_instances)
    session = StageSession()
    made = InlineCockpit(session)
    parts = [weakref.ref(one) for one in (session, made, *made._panes.values(), *made.children)]
    made.close()
    made.close()  # once is enough
    assert session.replica.watches == []
    del session, made
    assert eventually(lambda: not FLUSHER.running)
    assert eventually(lambda: gc.collect() >= 0 and [part() for part in parts if part() is not None] == [])
    assert set(_instances) == before, "ipywidgets keeps what was never closed"
