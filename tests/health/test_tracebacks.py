import asyncio
import io
import sys
import threading

import pytest

from tests.sessions import wait_until
from tradekit.core.redact import Redactor
from tradekit.health.logs import Logs
from tradekit.health.tracebacks import Tracebacks, clean_traceback

SECRET = "s3cret-of-the-tracebacks"


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.add(SECRET)
    return redactor


def failing() -> Exception:
    """An error with the secret in its message, its cause, its note and a line of source."""
    try:
        try:
            raise KeyError(f"first {SECRET}")
        except KeyError as error:
            raise ValueError("s3cret-of-the-tracebacks") from error  # the value stands in this very line
    except ValueError as error:
        error.add_note(f"and {SECRET}")
        return error


def test_a_traceback_keeps_its_lines_and_loses_its_secrets(redactor: Redactor) -> None:
    said = clean_traceback(failing(), redactor=redactor)
    assert SECRET not in said
    assert said.count("***") == 4
    assert 'raise ValueError("***") from error' in said
    assert said.rstrip().endswith("and ***")


def test_what_nobody_caught_is_told_clean_and_the_hooks_are_put_back(
    redactor: Redactor, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    with Tracebacks(redactor=redactor):
        error = failing()
        sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=lambda: (_ for _ in ()).throw(failing()), name=f"of {SECRET}")
        thread.start()
        thread.join()

        class Dying:
            def __del__(self) -> None:
                raise failing()

        Dying()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
    said = capsys.readouterr().err
    assert said.count("ValueError: ***") == 3
    assert "in thread of ***: Traceback" in said
    assert "ignored in" in said
    assert SECRET not in said


def test_a_thread_that_exits_says_nothing(redactor: Redactor, capsys: pytest.CaptureFixture[str]) -> None:
    with Tracebacks(redactor=redactor):
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()
    assert capsys.readouterr().err == ""


def test_ctrl_c_is_left_to_python(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: seen.append(kind))
    with Tracebacks(redactor=redactor):
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert seen == [KeyboardInterrupt]


def test_an_event_loops_error_goes_to_the_log_clean(redactor: Redactor) -> None:
    stream = io.StringIO()

    def fail() -> None:
        raise failing()

    async def loop() -> None:
        with Tracebacks(redactor=redactor):
            asyncio.get_running_loop().call_soon(fail)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert asyncio.get_running_loop().get_exception_handler() is None

    with Logs(stream=stream, redactor=Redactor()):  # the log itself knows no secret
        asyncio.run(loop())
        wait_until(stream.getvalue)
    said = stream.getvalue()
    assert "Exception in callback" in said
    assert "ValueError: ***" in said
    assert SECRET not in said
