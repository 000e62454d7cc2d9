"""The order that a viewer looks at: its life and why it exists, told again as soon as something becomes of it.

Knows no pane; the story comes over the wire, on a worker's thread.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.errors import TradekitError
from tradekit.report.story import Chapter, Story
from tradekit.state.shape import State
from tradekit.widgets.words import milliseconds

__all__ = ["Life", "plain_story"]

_log = logging.getLogger(__name__)

Standing = tuple[Any, ...]


class Life:
    """One viewer's order. `told` is called when `story` changes: on the viewer's thread, later on another.

    story  what to show: order, state ("" for no order, busy, ok or error), title, summary, chapters, problem
    """

    def __init__(self, session: Any, *, told: Callable[[], object], pool: Executor) -> None:
        self._session = session
        self._told = told
        self._pool = pool
        self._lock = threading.Lock()
        self._count = 0
        self._standing: Standing = ()  # of the order when its story was asked for
        self.story: dict[str, Any] = {"order": "", "state": ""}

    def ask(self, order: str) -> None:
        """Look at `order`; "" looks at none."""
        with self._session.replica.lock:
            standing = _standing(self._session.replica.state, order)
        with self._lock:
            self._begin(order, standing)

    def follow(self, state: State) -> None:
        """Read the story again if the order is no longer what it was. Call it while the replica's lock is held."""
        with self._lock:  # between the look and the question the viewer may turn to another order
            order = self.story["order"]
            standing = _standing(state, order)
            if order and self._standing != standing:
                self._begin(order, standing)

    def _begin(self, order: str, standing: Standing) -> None:
        self._count += 1
        self._standing = standing
        if not order or self.story["order"] != order:
            self._show({"order": order, "state": "busy" if order else ""})
        if order:
            self._pool.submit(self._read, order, self._count)

    def _read(self, order: str, number: int) -> None:
        try:
            story = plain_story(self._session.why(order))
        except TradekitError as error:
            story = {"state": "error", "problem": str(error)}
        except ReferenceError:
            return  # a widget holds its session weakly: who asked looks no more
        except Exception as error:
            _log.exception("the story of %s failed", order)
            story = {"state": "error", "problem": f"{type(error).__name__}: {error}"}
        with self._lock:
            if number == self._count:  # another order may have been asked for meanwhile
                self._show({"order": order, **story})

    def _show(self, story: dict[str, Any]) -> None:
        self.story = story
        self._told()


def _standing(state: State, order: str) -> Standing:
    known = state.orders.get(order)
    return (
        ()
        if known is None
        else (known.status, known.filled, known.updated, known.stop, known.cancel_requested)
    )


def plain_story(story: Story) -> dict[str, Any]:
    """A story as plain values, times in UTC ms."""
    return {
        "state": "ok",
        "title": story.title,
        "summary": [list(pair) for pair in story.summary],
        "chapters": [_chapter(chapter) for chapter in story.chapters],
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    steps = [
        {
            "seq": step.seq,
            "cause": step.cause,
            "ts": milliseconds(step.ts),
            "what": step.what,
            "text": step.text,
        }
        for step in chapter.steps
    ]
    return {"heading": chapter.heading, "steps": steps}
