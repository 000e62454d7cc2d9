"""From a page's document to its browsers: what a write changed goes as one message, at once and in order.

Bokeh wants its document's lock held for that, and sends a message a property; Panel's way around it (`pn.io.unlocked`)
may keep a message until the next one while another is still being sent. Knows no pane.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bokeh.document import Document
from bokeh.document.events import DocumentPatchedEvent

__all__ = ["send"]

_SENDING: set[asyncio.Task[None]] = set()  # a loop alone does not keep its tasks alive


def send(doc: Document, write: Callable[[], object]) -> bool:
    """Run `write`, which changes models of `doc`, and tell its browsers; whether there are any.

    Call it on the server's loop, once the page is loaded. The changes call nobody back.
    """
    session = getattr(doc.session_context, "session", None)
    connections = list(session._subscribed_connections) if session is not None else []
    events = _changes(doc, write)
    if events:
        for connection in connections:  # the socket's own lock keeps messages whole and in order
            message = connection.protocol.create("PATCH-DOC", events)
            task = asyncio.ensure_future(connection._socket.send_message(message))
            _SENDING.add(task)
            task.add_done_callback(_SENDING.discard)
    return bool(connections)


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
