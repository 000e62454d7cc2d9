import sys

import pytest

from tradekit.core.redact import Redactor
from tradekit.health.streams import CleanStreams

SECRET = "s3cret-of-the-streams"


def test_what_is_printed_is_clean_until_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    before = sys.stdout, sys.stderr
    with CleanStreams(redactor=redactor):
        print("out", SECRET, flush=True)
        sys.stderr.writelines([f"err {SECRET}\n", "plain\n"])
        assert sys.stdout.encoding == before[0].encoding
    assert (sys.stdout, sys.stderr) == before
    said = capsys.readouterr()
    assert said.out == "out ***\n"
    assert said.err == "err ***\nplain\n"


def test_a_process_without_streams_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with CleanStreams():
        assert sys.stdout is None
