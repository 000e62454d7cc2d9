"""No byte that a session writes or sends holds a secret: every way of telling one is tried, then all is searched.

The secrets are an environment variable's, a file's and each life's own token. Beside each told secret stands MARK,
which is none: where MARK is found the secret would have been found too, so an empty search is known to have looked.
"""

import contextlib
import http.client
import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.proofs.leaky import MARK
from tests.sessions import Project, Running, opened_project, wait_until
from tradekit.bridge.access import read_token_file
from tradekit.client.session import SessionClient
from tradekit.wiring.demo import free_port

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.timeout(300)]

LEAKY = f"{Path(__file__).parent / 'leaky.py'}:Leaky"
CORES = (
    "ENVcore7f3a91c2",
    "FILEcore5b8e04d6",
)  # whatever is escaped around it, this part of a secret stays as it is
KEYS = tuple(f"k+\"{core}'/ü " + "z" for core in CORES)


@dataclass
class Bytes:
    """Everything that was written or sent, by where."""

    found: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, data: bytes | str) -> None:
        """Keep some more."""
        self.found[where] = self.found.get(where, b"") + (data.encode() if isinstance(data, str) else data)

    def gather(self, root: Path, life: str) -> None:
        """Every file below `root`, but those that are there to hold a secret."""
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix not in (".token", ".key"):
                self.add(f"{life}/{path.relative_to(root)}", path.read_bytes())

    def holding(self, text: str) -> list[str]:
        """Where it stands."""
        return [where for where, data in self.found.items() if text.encode() in data]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    for made in opened_project(
        tmp_path / "project",
        strategy={"class": LEAKY},
        market_data={"bars": ["sample:BTCUSDT-1m"], "speed": 1_000},
        state_store={"snapshot_every_events": 20},
        monitoring={"log_level": "debug"},
    ):
        secret = made.root / "venue.key"
        secret.write_text(KEYS[1], encoding="utf-8")
        secret.chmod(0o600)
        made.env |= {"CANARY_ENV": KEYS[0], "CANARY_FILE": str(secret), "PYTHONDEVMODE": "1"}
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        yield made


@contextlib.contextmanager
def life(project: Project, number: int) -> Iterator[Running]:
    """A session with both its streams in files; killed at the end unless it has ended."""
    out, log = project.root / f"life-{number}.stdout", project.root / f"life-{number}.stderr"
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tradekit", "run", str(project.config), "--json"],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=project.env, cwd=project.root,
        )  # fmt: skip
    try:
        wait_until(lambda: b"\n" in out.read_bytes() or process.poll() is not None, period_s=0.02)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield Running(process, json.loads(out.read_text(encoding="utf-8").splitlines()[0]), log)
    finally:
        process.kill()
        process.wait()


class Listener:
    """A client of bare frames: keeps all that it receives."""

    def __init__(self, running: Running) -> None:
        self.token = read_token_file(running.token_file)
        self.frames: list[bytes] = []
        self._asked = 0
        headers = {"Authorization": f"Bearer {self.token}"}
        self._line = contextlib.ExitStack()
        self._ws = self._line.enter_context(
            connect(running.uri, additional_headers=headers, proxy=None, max_size=None)
        )
        self._ws.send(json.dumps({"op": "hello", "protocol": 1, "since": None, "topics": None}))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = self._ws.recv(decode=False)
                self.frames.append(data)

    def ask(self, op: str, name: str, args: dict[str, Any]) -> bytes:
        """Send a command or a query; its answer."""
        self._asked += 1
        id = f"ask-{self._asked}"
        self._ws.send(json.dumps({"op": op, "id": id, "name": name, "args": args}))
        mine = f'"id":"{id}"'.encode()
        return wait_until(lambda: next((f for f in reversed(self.frames) if mine in f), b""))

    def close(self) -> None:
        """Leave; the frames stay."""
        self._line.close()
        self._thread.join(30)


def tell(listener: Listener, said: str) -> None:
    """The secret in every argument that there is, of commands that are taken and of those that are refused."""
    for name in ("halt", "arm", "disarm", "kill", "cancel_all", "flatten", "snapshot"):
        listener.ask("command", name, {"reason": said, said: [said, {"deep": said}]})
    for args in (
        {"name": "text", "value": said},
        {"name": said, "value": 1},
        {"name": "text", "value": [said]},
    ):
        listener.ask("command", "set_param", args)
    listener.ask("command", "cancel", {"order_id": said})
    listener.ask("command", KEYS[0], {})
    for name, args in (
        ("events", {"since": said}),
        ("state_at", {"at": said}),
        (KEYS[1], {}),
        ("bars", {said: said}),
    ):
        listener.ask("query", name, args)


def knock(running: Running, said: str, kept: Bytes) -> None:
    """The secret in every part of a request that is refused."""
    where = urlsplit(running.uri)
    host, port = where.hostname or "", where.port or 0
    own = f"{host}:{port}"
    text = quote(said)
    for path, headers in (
        (f"/{text}", {}), (f"/health?token={text}", {}), ("/metrics", {"Host": text}), ("/", {"Origin": f"http://{text}"}),
        ("/metrics", {"Authorization": f"Bearer {text}"}), ("/health", {}),
    ):  # fmt: skip
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("GET", path, headers={"Host": own} | headers)
        answer = connection.getresponse()
        kept.add("pages", str(answer.getheaders()).encode() + answer.read())
        connection.close()
    for uri, headers in (
        (f"{running.uri}?token={text}", {}),
        (running.uri, {"Authorization": f"Bearer x{text}"}),
    ):
        with pytest.raises(InvalidStatus) as refused:
            connect(uri, additional_headers=headers, proxy=None)
        kept.add("pages", refused.value.response.body)
    for message in ({"op": "auth", "token": said}, {"op": said}, {"op": "hello", "protocol": 1, said: said}):
        with connect(running.uri, proxy=None) as ws:
            ws.send(json.dumps(message))
            with pytest.raises(ConnectionClosed) as closed:
                ws.recv(timeout=30)
            kept.add("pages", str(closed.value))


def command_line(project: Project, said: str, kept: Bytes) -> None:
    """Every command that reads the session or its journal, and some that fail with the secret in a word."""
    for words in (
        ("sessions",), ("halt", "paper", "--reason", said), ("doctor", "paper", "--json"),
        ("doctor", str(project.config)),
        ("state", "--journal", str(project.journal)), ("journal", "tail", "-n", "5000", "--json", str(project.journal)),
        ("journal", "verify", str(project.journal)), ("arm", "paper", "--reason", said),
    ):  # fmt: skip
        command = [sys.executable, "-m", "tradekit", *words]
        done = subprocess.run(command, env=project.env, cwd=project.root, capture_output=True, timeout=60)
        kept.add(f"cli {words[0]}", done.stdout + done.stderr)


def dashboard(project: Project, kept: Bytes) -> None:
    """The page with all that it is told over its own socket."""
    port, log = free_port(0), project.root / "dashboard.stderr"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tradekit", "dashboard", "--no-show", "--port", str(port)],
            stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=project.env, cwd=project.root,
        )  # fmt: skip
    try:
        wait_until(lambda: b"the dashboard is at" in log.read_bytes(), 60, period_s=0.05)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        html = connection.getresponse().read().decode()
        connection.close()
        kept.add("dashboard", html)
        found = re.search(r'"token":"([^"]+)"', html)
        assert found is not None
        with connect(
            f"ws://127.0.0.1:{port}/ws", subprotocols=["bokeh", found[1]], origin=f"http://127.0.0.1:{port}",  # type: ignore[list-item, arg-type]
            proxy=None, max_size=None,
        ) as ws:  # fmt: skip
            for _ in range(3):
                ws.recv(timeout=30)
            for part in ('{"msgid":"1","msgtype":"PULL-DOC-REQ"}', "{}", "{}"):
                ws.send(part)
            page = "".join(str(ws.recv(timeout=30)) for _ in range(3))
            assert "PULL-DOC-REPLY" in page
            kept.add("dashboard", page)
    finally:
        process.terminate()
        process.wait(30)


def test_no_byte_holds_a_secret(project: Project, proof_record: Callable[..., None]) -> None:
    kept, tokens = Bytes(), []
    told = f"{MARK} {KEYS[0]} {KEYS[1]}"
    with life(project, 1) as running:
        listener = Listener(running)
        tokens.append(listener.token)
        project.wait_for_event("strategy.failed")
        with SessionClient.attach(running.uri, listener.token) as client:
            tell(listener, f"{told} {listener.token}")
            knock(running, f"{told} {listener.token}", kept)
            kept.add("client", repr(client) + repr(client.state) + repr(vars(client.connection)))
        command_line(project, told, kept)
        dashboard(project, kept)
        running.kill()
        listener.close()
        kept.add("frames", b"".join(listener.frames))
    kept.gather(project.root, "killed")
    with life(project, 2) as running:  # a replay says all of it again
        listener = Listener(running)
        tokens.append(listener.token)
        assert "the session cannot be armed" not in running.log.read_text(encoding="utf-8")
        tell(listener, f"{told} {listener.token}")
        fill_the_disk(project, running)
        wait_until(lambda: b'"alarm":' in listener.frames[-1])
        tell(listener, f"{told} {listener.token}")
        listener.ask("command", "stop", {"reason": told})
        assert running.process.wait(30) == 1
        listener.close()
        kept.add("frames", b"".join(listener.frames))
    kept.gather(project.root, "full disk")
    with life(project, 3) as running:
        tokens.append(read_token_file(running.token_file))
        assert running.stop() == 0
    kept.gather(project.root, "stopped")
    places = (
        "frames",
        "cli state",
        "cli journal",
        "cli doctor",
        "dashboard",
        "client",
        "stderr",
        "snapshot",
        "log-wal",
        "emergency",
        "log",
    )
    marked = kept.holding(MARK)
    missed = [place for place in places if not any(where.endswith(place) for where in marked)]
    assert missed == [], f"nothing was told there, so nothing was proved: {missed}"
    for secret in (*CORES, *tokens):
        assert kept.holding(secret) == []
    size = sum(map(len, kept.found.values()))
    proof_record(
        "no byte written or sent holds a secret: journal, WAL, snapshots, logs, streams, frames, pages, CLI, dashboard",
        size=f"{len(CORES) + len(tokens)} secrets, {len(kept.found)} files and streams, {size / 1e6:,.1f} MB",
        result=f"0 found; what stood beside them was found in {len(marked)} places",
        note="three lives: killed, full disk, clean stop",
    )


def fill_the_disk(project: Project, running: Running) -> None:
    """From now on no file of the session grows, and so its next commit fails."""
    size = os.stat(f"{project.journal}-wal").st_size
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
