"""A widget that two threads may touch: the flusher's writes it while the kernel's reads it, sets it and closes it.

ipywidgets collects what is to be sent, and what a page has said, in plain attributes; so one at a time. Knows no pane.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Self

import anywidget

__all__ = ["Written"]


class Written(anywidget.AnyWidget):
    """An anywidget whose traits and messages are one thread's at a time; nothing is written once it is closed.

    Do not wait in a handler of its messages: the flusher would wait too.
    """

    _writing: threading.RLock

    def __new__(cls, *args: Any, **traits: Any) -> Self:
        """A widget with its lock, which setting a trait needs from the first on."""
        new: Self = super().__new__(cls, *args, **traits)
        new._writing = threading.RLock()
        return new

    def write(self, texts: Mapping[str, str]) -> None:
        """Set these traits, as one message; of a widget that was closed none."""
        with self.hold_sync():
            if self.comm is not None:
                for name, text in texts.items():
                    setattr(self, name, text)

    @contextlib.contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Send what is set in here as one message at its end."""
        with self._writing, super().hold_sync():
            yield

    def notify_change(self, change: Any) -> None:
        """Send a trait that was set."""
        with self._writing:
            super().notify_change(change)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message beside the traits."""
        with self._writing:
            super().send(content, buffers)

    def close(self) -> None:
        """Take the widget away, after what is being written."""
        with self._writing:
            super().close()

    def _handle_msg(self, msg: Any) -> None:
        with self._writing:
            super()._handle_msg(msg)
