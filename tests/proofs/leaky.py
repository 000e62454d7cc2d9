"""A strategy that tells its key wherever a strategy can: what it says must not be found anywhere.

Beside the key it always says MARK, which is no secret: where MARK is found, the key would have been too.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from pathlib import Path

import param

from tradekit.core.secret import Secret
from tradekit.errors import OrderError
from tradekit.model.market import Bar
from tradekit.strategy.base import Strategy

MARK = "mArk-beside-the-key"
_log = logging.getLogger("strategies.leaky")


class Dying:
    """Fails when nobody can catch it any more."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __del__(self) -> None:
        raise RuntimeError(f"unraisable {self.said}")


class Leaky(Strategy):
    """Does one thing a bar, and fails on the last one."""

    text = param.String("", doc="anything")

    def on_start(self) -> None:
        self.said = f"{MARK} {Secret.from_env('CANARY_ENV').reveal()}"
        self.filed = f"{MARK} {Secret.from_file(Path(os.environ['CANARY_FILE'])).reveal()}"
        self.bar = 0

    def on_bar(self, bar: Bar) -> None:
        self.bar += 1
        leaks = (
            self.signals,
            self.orders,
            self.logs,
            self.prints,
            self.thread,
            self.loop,
            self.unraisable,
            self.bad,
        )
        if self.bar <= len(leaks):
            leaks[self.bar - 1]()
        elif self.bar == 60:
            raise ValueError(f"raised {self.said}")

    def signals(self) -> None:
        self.signal(f"name {self.said}", 1.0, note=f"note {self.filed}")

    def orders(self) -> None:
        self.buy(1, tag=f"tag {self.said}", reason=f"reason {self.filed}")

    def logs(self) -> None:
        _log.warning("argument %s %r", self.said, {"key": self.filed})
        try:
            raise LookupError(f"logged {self.said}")
        except LookupError:
            _log.exception("failed", stack_info=True)

    def prints(self) -> None:
        print(f"printed {self.said}", file=sys.stdout, flush=True)
        print(f"printed {self.filed}", file=sys.stderr, flush=True)

    def thread(self) -> None:
        thread = threading.Thread(target=self.fail)
        thread.start()
        thread.join()

    def loop(self) -> None:
        with contextlib.suppress(RuntimeError):  # a replay has none
            asyncio.get_running_loop().call_soon(self.fail)

    def unraisable(self) -> None:
        Dying(self.filed)

    def bad(self) -> None:
        try:
            self.buy(self.said)
        except OrderError as error:
            _log.error("the order: %s", error)

    def fail(self) -> None:
        raise ConnectionError(f"uncaught {self.said}")
