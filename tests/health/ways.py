"""A place for letters: an HTTP server on loopback that takes them as Apprise's json:// sends them."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Letterbox:
    """What came in, and how it is answered: `status`, once `free` is set."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = 200
        self.free = threading.Event()
        self.free.set()
        self.tried = threading.Event()
        self.port = 0

    @property
    def address(self) -> str:
        """As Apprise writes it."""
        return f"json://trader:hunter2hunter2@127.0.0.1:{self.port}/t0ken-in-the-path?rto=20"

    @property
    def texts(self) -> list[str]:
        """What each letter says."""
        return [str(one["message"]) for one in self.letters]


@contextlib.contextmanager
def letterbox() -> Iterator[Letterbox]:
    """A letterbox that is open until the end."""
    box = Letterbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"]))
            box.tried.set()
            box.free.wait(30)
            if box.status == 200:
                box.letters.append(json.loads(said))
                box.paths.append(self.path)
            self.send_response(box.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        box.free.set()
        server.shutdown()
        server.server_close()
        thread.join()
