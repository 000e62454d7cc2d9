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
    """An anywidget whose page is told by one thread at a time, and nothing more once it is closed.

    What observes its traits for a page's sake runs outside of that turn, and may wait for whoever is writing.
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
                news = {name: text for name, text in texts.items() if getattr(self, name) != text}
                for name, text in news.items():
                    setattr(self, name, text)
                self._states_to_send.update(news)  # the notice may be held back where the page says something

    @contextlib.contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Send what is set in here as one message at its end."""
        with self._writing, super().hold_sync():
            yield

    def send_state(self, key: Any = None) -> None:
        """Send traits as they are now."""
        with self._writing:
            super().send_state(key)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message beside the traits."""
        with self._writing:
            super().send(content, buffers)

    def close(self) -> None:
        """Take the widget away, after what is being written."""
        with self._writing:
            super().close()

    def _should_send_property(self, key: str, value: Any) -> bool:
        with self._writing:  # another thread may hold back what it sets, and that alone
            should: bool = super()._should_send_property(key, value)
            return should
