"""What every notebook widget does: it rests while nobody looks, wakes, beats, and lets go of everything."""

import gc
import json
import weakref
from typing import Any

import pytest
import traitlets
from ipywidgets.widgets.widget import _instances

import tradekit as tk
from tests.widgets.made import Make, made, part, told
from tests.widgets.test_flusher import eventually
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession
from tradekit.widgets import cells
from tradekit.widgets.blotter import Blotter
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget
from tradekit.widgets.panes import Moment
from tradekit.widgets.tables import Positions, Signals

__all__ = ["made"]

KINDS = [name for name in dir(tk.widgets) if name[0].isupper()]
HOSTILE = "<img src=x onerror=alert(1)>"
SIGNAL = SignalRaised("breakout", "BTCUSDT", "cross", -1.0, note=HOSTILE)


@pytest.fixture(scope="module", autouse=True)
def _others_are_left_alone() -> None:
    """What tests before these keep is not looked through each time a widget is to be collected."""
    gc.collect()
    gc.freeze()


@pytest.mark.parametrize("kind", KINDS)
def test_each_widget_starts_complete_follows_and_says_when_it_is_stale(
    kind: str, session: StageSession, made: Make
) -> None:
    widget = made(getattr(tk.widgets, kind), session)
    assert part(widget, "first")["name"] == session.name
    assert part(widget, "connection")["state"] == "live"
    session.replica.fold(SIGNAL)
    assert eventually(lambda: part(widget, "first")["seq"] == f"#{session.replica.seq}")
    session.replica.become("stale", "no beat")
    assert eventually(lambda: part(widget, "connection")["state"] == "stale")
    assert part(widget, "connection")["problem"] == "no beat"


@pytest.mark.parametrize("kind", KINDS)
def test_each_widget_watches_once_and_lets_go_when_it_is_closed(kind: str, session: StageSession) -> None:
    widget = getattr(tk.widgets, kind)(session)
    assert len(session.replica.watches) == 1
    widget.close()
    assert session.replica.watches == []
    assert eventually(lambda: not FLUSHER.running)


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_widget_is_collected_and_never_held_its_session(kind: str) -> None:
    before = set(_instances)
    session = StageSession()
    widget = getattr(tk.widgets, kind)(session)
    gone, freed = weakref.ref(session), weakref.ref(widget)
    widget.close()
    del session, widget
    assert eventually(lambda: not FLUSHER.running)
    assert eventually(lambda: gc.collect() >= 0 and gone() is None and freed() is None)
    assert set(_instances) <= before, "ipywidgets keeps what was never closed"


def test_a_closed_widget_is_collected_without_a_word_to_the_flusher(monkeypatch: pytest.MonkeyPatch) -> None:
    session = StageSession()
    widget = Positions(session)
    widget.close()
    left: list[object] = []
    monkeypatch.setattr(
        FLUSHER, "leave", left.append
    )  # it may be collected by whoever holds the flusher's lock
    del widget
    gc.collect()
    assert left == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_widget_is_text_in_a_terminal(kind: str, session: StageSession, made: Make) -> None:
    text = repr(made(getattr(tk.widgets, kind), session))
    assert "PAPER" in text
    assert session.name in text
    assert f"#{session.replica.seq}" in text


def test_what_a_flush_changes_is_one_message(
    session: StageSession, made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(Blotter, "_send", lambda widget, message, buffers=None: sent.append(message))
    widget = made(Blotter, session)
    session.replica.fold(SIGNAL)
    assert eventually(lambda: HOSTILE in widget.signals_since)
    assert eventually(lambda: any("signals_since" in message.get("state", {}) for message in sent))
    [news] = [message["state"] for message in sent if "signals_since" in message.get("state", {})]
    assert {"first", "signals_since"} <= news.keys()


class Held(PaneWidget):
    """A widget as a user writes one."""

    _esm = "export default { render() {} }"
    count = traitlets.Unicode("").tag(sync=True)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        return {"count": len(moment.state.signals.history)}


def test_a_widget_of_ones_own_needs_a_script_and_parts_alone(session: StageSession, made: Make) -> None:
    widget = made(Held, session)
    before = part(widget, "count")
    session.replica.fold(SIGNAL)
    assert eventually(lambda: part(widget, "count") == before + 1)
    assert repr(widget) == f"PAPER {session.name} #{session.replica.seq}"


@pytest.mark.parametrize("kind", KINDS)
def test_making_a_widget_commands_nothing(kind: str, session: StageSession, made: Make) -> None:
    made(getattr(tk.widgets, kind), session)
    made(getattr(tk.widgets, kind), session)
    assert session.said == []


def test_a_widget_that_no_page_shows_watches_nothing_until_one_does(
    session: StageSession, made: Make
) -> None:
    widget = made(Signals, session)
    widget._heard(widget, {"op": "left"}, [])
    assert session.replica.watches == []
    session.replica.fold(SIGNAL)
    assert part(widget, "first")["seq"] != f"#{session.replica.seq}"
    widget._heard(widget, {"op": "here"}, [])
    widget._heard(widget, {"op": "here"}, [])  # a second page
    assert len(session.replica.watches) == 1
    assert eventually(lambda: part(widget, "first")["seq"] == f"#{session.replica.seq}")


@pytest.mark.parametrize("message", [None, "left", {}, {"op": "what"}, {"op": ["left"]}])
def test_what_a_page_says_amiss_is_nothing(message: Any, session: StageSession, made: Make) -> None:
    widget = made(Positions, session)
    widget._heard(widget, message, [])
    assert len(session.replica.watches) == 1


def test_a_beat_says_how_long_the_kernel_has_been_busy(
    session: StageSession, made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "busy_s", lambda: 12.34)
    messages = told(Positions, monkeypatch)
    made(Positions, session).beat()
    assert {"busy": 12.3} in messages


def test_a_brokers_string_reaches_the_page_as_text(session: StageSession, made: Make) -> None:
    widget = made(Signals, session)
    session.replica.fold(SIGNAL)
    assert eventually(lambda: HOSTILE in widget.signals_since)
    assert json.loads(widget.signals_since)["rows"][0]["note"] == HOSTILE
