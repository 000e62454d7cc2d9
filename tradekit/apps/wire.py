"""From a page's document to its browsers: what a write changed goes as one message, at once and in order.

Bokeh wants its document's lock held for that, and sends a message a property; Panel's way around it (`pn.io.unlocked`)
may keep a message until the next one while another is still being sent. Knows no pane.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bokeh.document import Document
from bokeh.document.events import DocumentPatchedEvent

__all__ = ["at_once", "send"]

_SENDING: set[asyncio.Task[None]] = set()  # a loop alone does not keep its tasks alive


def send(doc: Document, write: Callable[[], object]) -> bool:
    """Run `write`, which changes models of `doc`, and tell its browsers; whether there are any.

    Call it on the server's loop, once the page is loaded. The changes call nobody back.
    """
    connections = _browsers(doc)
    events = _changes(doc, write)
    if events:
        for connection in connections:  # the socket's own lock keeps messages whole and in order
            message = connection.protocol.create("PATCH-DOC", events)
            task = asyncio.ensure_future(connection._socket.send_message(message))
            _SENDING.add(task)
            task.add_done_callback(_SENDING.discard)
    return bool(connections)


def at_once(doc: Document) -> None:
    """Have each frame for the browsers of `doc` leave when it is written; call it once a browser has the page.

    A message of Bokeh's is three frames or more. Without this the system holds the second back until the browser's
    side has acknowledged the first, which that does after 40 ms (Nagle's algorithm, RFC 896, and delayed
    acknowledgements, RFC 1122 4.2.3.2).
    """
    for connection in _browsers(doc):
        connection._socket.set_nodelay(True)


def _browsers(doc: Document) -> list[Any]:
    session = getattr(doc.session_context, "session", None)
    return list(session._subscribed_connections) if session is not None else []


def _changes(doc: Document, write: Callable[[], object]) -> list[Any]:
    """What `write` changes, kept from Bokeh, which would ask for the document's lock."""
    callbacks = doc.callbacks
    before = callbacks._hold, callbacks._held_events
    callbacks._hold, callbacks._held_events = "combine", []
    try:
        write()
        return [event for event in callbacks._held_events if isinstance(event, DocumentPatchedEvent)]
    finally:
        callbacks._hold, callbacks._held_events = before
