"""A messenger's thread: what goes out, what waits, and that a place which hangs holds nobody up."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.sessions import wait_until
from tradekit.core.redact import secrets
from tradekit.health.messenger import Messenger
from tradekit.health.rationing import Letter, Message

Made = Callable[..., Messenger]


class Place:
    """Somewhere that takes letters, or does not."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.reason = ""
        self.error: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.tried = threading.Event()

    def send(self, letter: Letter) -> str:
        self.tried.set()
        self.free.wait(30)
        if self.error is not None:
            raise self.error
        if not self.reason:
            self.letters.append(letter)
        return self.reason


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def messenger(place: Place) -> Iterator[Messenger]:
    made = Messenger("env:PLACE", place.send, per_minute=60)
    yield made
    place.free.set()
    made.close(timeout_s=30)


def message(seq: int) -> Message:
    return Message(seq, 1, "x", f"text {seq}")


def test_a_message_goes_out_and_its_event_is_noted(place: Place) -> None:
    noted: list[int] = []
    messenger = Messenger("p", place.send, per_minute=6, on_sent=noted.append)
    messenger.tell(message(7))
    wait_until(lambda: noted)
    messenger.close(timeout_s=30)
    assert ([one.text for one in place.letters], noted, messenger.sent) == (["text 7"], [7], 1)


def test_telling_returns_at_once_while_the_place_hangs(place: Place, messenger: Messenger) -> None:
    place.free.clear()
    messenger.tell(message(1))
    wait_until(place.tried.is_set)
    for seq in range(2, 50):
        messenger.tell(message(seq))  # would wait for ever
    assert messenger.waiting == 49
    place.free.set()
    wait_until(lambda: not messenger.waiting)
    assert place.letters[0].seq == 1
    assert sum(one.count for one in place.letters) == 49


def test_a_place_that_refuses_is_told_of_once_in_the_log_and_what_waits_is_kept(
    place: Place, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    place.reason = "no route to host"
    messenger.tell(message(1))
    wait_until(lambda: messenger.failed)
    wait_until(lambda: messenger.reason)
    assert (messenger.waiting, messenger.sent) == (1, 0)
    wait_until(lambda: "alerts do not reach env:PLACE (no route to host); 1 wait" in caplog.text)


def test_what_a_way_out_raises_is_a_failure_and_no_end(
    place: Place, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    place.error = RuntimeError("odd")
    messenger.tell(message(1))
    wait_until(lambda: messenger.reason == "RuntimeError: odd")
    assert messenger.waiting == 1


def test_a_reason_has_no_secret_in_it(
    place: Place, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "_forms", secrets._forms)
    monkeypatch.setattr(secrets, "_bytes", secrets._bytes)
    secrets.add("hunter2hunter2")
    place.error = RuntimeError("https://user:hunter2hunter2@host refused")
    messenger.tell(message(1))
    wait_until(lambda: messenger.reason)
    assert "hunter2" not in messenger.reason


def test_at_the_end_what_waits_is_sent_as_one_letter(place: Place) -> None:
    messenger = Messenger("p", place.send, per_minute=1)
    place.free.clear()
    messenger.tell(message(1))
    wait_until(place.tried.is_set)
    messenger.tell(message(2))
    messenger.tell(message(3))
    messenger.end()
    place.free.set()
    messenger.close(timeout_s=30)
    assert [(one.seq, one.count) for one in place.letters] == [(1, 1), (3, 2)]


def test_a_place_that_hangs_is_left_behind_at_the_end(place: Place) -> None:
    messenger = Messenger("p", place.send, per_minute=1)
    place.free.clear()
    messenger.tell(message(1))
    wait_until(place.tried.is_set)
    messenger.close(timeout_s=0.01)
    assert messenger.waiting == 1
    place.free.set()


def test_one_last_attempt_is_made_for_what_could_not_be_sent(place: Place) -> None:
    place.reason = "away"
    messenger = Messenger("p", place.send, per_minute=6)
    messenger.tell(message(1))
    wait_until(lambda: messenger.reason)
    messenger.close(timeout_s=30)
    assert (messenger.failed, messenger.waiting) == (2, 1)
