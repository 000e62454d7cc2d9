"""A page's document and its browsers: one message a write, in order, none kept back."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from bokeh.document import Document
from bokeh.models import Div

from tradekit.apps.wire import at_once, send


class Socket:
    """Takes its time over each message, as one that is busy with another does."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.sent: list[list[Any]] = []
        self.nodelay = False

    def set_nodelay(self, on: bool) -> None:
        self.nodelay = on

    async def send_message(self, events: list[Any]) -> None:
        async with self.lock:
            await asyncio.sleep(0)
            self.sent.append(events)


def document(*sockets: Socket) -> tuple[Document, Div]:
    doc, div = Document(), Div(text="")
    doc.add_root(div)

    def as_is(kind: str, events: list[Any]) -> list[Any]:
        assert kind == "PATCH-DOC"
        return [(event.attr, event.new) for event in events]

    browsers = [SimpleNamespace(_socket=s, protocol=SimpleNamespace(create=as_is)) for s in sockets]
    context = SimpleNamespace(session=SimpleNamespace(_subscribed_connections=browsers))
    doc._session_context = lambda: context  # a weak reference, in a server
    return doc, div


def writes(div: Div, **values: Any) -> Callable[[], None]:
    return lambda: div.update(**values)


async def settled(socket: Socket, count: int) -> None:
    async with asyncio.timeout(30):
        while len(socket.sent) < count:  # noqa: ASYNC110  # a message is a task of its own, not an Event
            await asyncio.sleep(0)


def test_what_a_write_changed_is_one_message_to_each_browser() -> None:
    async def play() -> None:
        one, two = Socket(), Socket()
        doc, div = document(one, two)
        assert send(doc, writes(div, text="halted", name="b")) is True
        await settled(two, 1)
        assert one.sent == two.sent == [[("text", "halted"), ("name", "b")]]

    asyncio.run(play())


def test_a_write_while_another_is_on_its_way_follows_it_by_itself() -> None:
    async def play() -> None:
        socket = Socket()
        doc, div = document(socket)
        send(doc, writes(div, text="busy"))
        await asyncio.sleep(0)
        send(doc, writes(div, text="halted"))
        await settled(socket, 2)
        assert socket.sent == [[("text", "busy")], [("text", "halted")]]

    asyncio.run(play())


def test_a_write_that_changes_nothing_sends_nothing() -> None:
    async def play() -> None:
        socket = Socket()
        doc, _ = document(socket)
        assert send(doc, lambda: None) is True
        await asyncio.sleep(0)
        assert socket.sent == []

    asyncio.run(play())


def test_without_a_browser_the_document_alone_is_written() -> None:
    doc, div = document()
    assert send(doc, writes(div, text="halted")) is False
    assert div.text == "halted"


def test_what_the_document_held_before_is_held_still() -> None:
    async def play() -> None:
        socket = Socket()
        doc, div = document(socket)
        doc.hold()
        div.name = "mine"
        send(doc, writes(div, text="halted"))
        await settled(socket, 1)
        assert socket.sent == [[("text", "halted")]]
        assert doc.callbacks.hold_value == "combine"
        assert [event.attr for event in doc.callbacks._held_events] == ["name"]

    asyncio.run(play())


def test_no_frame_waits_until_the_one_before_is_acknowledged() -> None:
    one, two = Socket(), Socket()
    doc, _ = document(one, two)
    at_once(doc)
    assert one.nodelay
    assert two.nodelay
    at_once(Document())  # nobody looks
