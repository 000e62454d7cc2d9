"""Something that lives on an event loop in a thread of its own, so that other threads and processes can use it.

Knows nothing of what lives there.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["OnThread", "beside"]

T = TypeVar("T")
BOUND_S = 60  # a bound, not an expectation


class OnThread:
    """Inherit it and say in `life` what is opened and closed on the loop; `with` such a one it lives.

    loop   where it lives; only `call` may be used from elsewhere
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._life: AbstractAsyncContextManager[None] | None = None

    def life(self) -> AbstractAsyncContextManager[None]:
        """What opens it, and closes it with the block."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self._life = self.life()
        self.call(self._life.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._life is not None:
            self.call(self._life.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(BOUND_S)
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Let its loop do some work."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(BOUND_S)


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let it go on beside the block, and end it with the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
