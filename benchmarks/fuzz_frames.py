"""Coverage-guided fuzzing of the bridge's decoder: whatever the bytes, a frame or a ProtocolError, and at once.

    python -m benchmarks.fuzz_frames RUNS

Prints one line of JSON at its end: executions, executions a second, the slowest frame [ms]; its exit code is not 0
if an exception escaped. Needs atheris (the extra `bench`), which never comes back from its loop: hence a program apart.
"""

import atexit
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tradekit.bridge"]):
    from tradekit.bridge.frames import parse_client, parse_server
    from tradekit.errors import ProtocolError

SEEDS = (
    b'{"op":"auth","token":"t"}',
    b'{"op":"hello","protocol":1,"since":{"journal":"j","epoch":1,"seq":9},"topics":["order.>"]}',
    b'{"op":"command","id":"1","name":"halt","args":{"reason":"x"},"expires_s":1.5,"at_ms":1}',
    b'{"op":"query","id":"1","name":"events","args":{"since":1}}',
    b'{"op":"events","from":1,"to":2,"events":[{"seq":1}]}',
    b'{"op":"snapshot","seq":1,"part":1,"parts":2,"state":{"a":1}}',
)
WORDS = (
    "op",
    "id",
    "name",
    "args",
    "token",
    "since",
    "topics",
    "events",
    "null",
    "1e999",
    "[[[[",
    "{}",
    "\\xff",
    "\\x00",
)


class Fuzz:
    """One input after the other, and how long the slowest took."""

    def __init__(self) -> None:
        self.runs, self.slowest, self.began = 0, 0.0, time.perf_counter()

    def one(self, data: bytes) -> None:
        """Both decoders on one input."""
        began = time.thread_time()  # what else the machine does is not the decoder's
        for parse in (parse_client, parse_server):
            with contextlib.suppress(ProtocolError):
                parse(data)
        self.slowest = max(self.slowest, time.thread_time() - began)
        self.runs += 1

    def tell(self) -> None:
        """What was seen."""
        seconds = time.perf_counter() - self.began
        told = {"runs": self.runs, "per_s": self.runs / seconds, "slowest_ms": 1e3 * self.slowest}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    fuzz, corpus = Fuzz(), Path(tempfile.mkdtemp(prefix="tradekit-fuzz-"))
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    words = corpus.with_suffix(".dict")
    words.write_text("".join(f'"{word}"\n' for word in WORDS), encoding="ascii")
    atexit.register(fuzz.tell)
    options = [f"-atheris_runs={sys.argv[1]}", "-max_len=512", "-seed=1", f"-dict={words}", str(corpus)]
    atheris.Setup([sys.argv[0], *options], fuzz.one)
    atheris.Fuzz()
