"""Requests are counted together by all processes of a user: a limit, a pause and a ban of one are those of all."""

import logging
import os
from pathlib import Path

import pytest

from tradekit.brokers.ccxt.limiter import SharedQuota
from tradekit.trading.quota import Quota


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "limits.json"


def two(file: Path, *, most: float = 10.0) -> tuple[SharedQuota, SharedQuota]:
    """Two processes' counts of one limit of `most` in a minute, a fifth of it kept for what is urgent."""
    return SharedQuota(Quota(most, 60.0), file), SharedQuota(Quota(most, 60.0), file)


def test_what_one_has_spent_the_other_cannot(file: Path) -> None:
    one, other = two(file)
    assert [one.wait(2.0, 100.0), other.wait(2.0, 101.0), one.wait(4.0, 102.0)] == [0.0, 0.0, 0.0]
    assert other.wait(1.0, 103.0) == pytest.approx(57.0)
    assert other.wait(1.0, 103.0, urgent=True) == 0.0, "a cancel passes at full load"
    assert one.wait(1.0, 160.5) == 0.0


@pytest.mark.parametrize("banned", [False, True])
def test_a_pause_that_one_has_met_holds_for_the_other(file: Path, banned: bool) -> None:
    one, other = two(file)
    one.pause(30.0, 100.0, banned=banned)
    assert (other.wait(1.0, 110.0, urgent=True), other.banned) == (20.0, banned)
    assert (other.wait(1.0, 131.0), other.banned) == (0.0, False)


def test_what_the_venue_says_to_one_counts_for_the_other(file: Path) -> None:
    one, other = two(file)
    one.told(8.0, 100.0)
    assert other.wait(1.0, 101.0) > 0


def test_two_in_one_process_take_turns_and_nothing_is_lost(file: Path) -> None:
    counts = [SharedQuota(Quota(100.0, 60.0), file) for _ in range(8)]
    taken = sum(one.wait(1.0, 100.0 + n / 1000) == 0.0 for n in range(20) for one in counts)
    assert taken == 80


def test_what_was_counted_before_the_machine_was_started_is_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two(file)
    one.pause(1000.0, 5000.0, banned=True)
    monkeypatch.setattr("tradekit.brokers.ccxt.limiter._boot", lambda: "another boot")
    assert other.wait(1.0, 3.0) == 0.0


@pytest.mark.parametrize("content", [b"", b"{", b'{"boot": 1}', b"\xff" * 100])
def test_a_file_that_cannot_be_read_is_begun_anew(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    one, other = two(file)
    assert one.wait(8.0, 100.0) == 0.0
    assert other.wait(1.0, 100.0) > 0


def test_without_a_file_it_counts_alone_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = SharedQuota(Quota(10.0, 60.0), tmp_path / "nowhere" / "limits.json")
    with caplog.at_level(logging.WARNING):
        assert [alone.wait(4.0, 1.0), alone.wait(4.0, 2.0)] == [0.0, 0.0]
        assert alone.wait(4.0, 3.0) > 0
    assert len([one for one in caplog.records if one.name.startswith("tradekit.brokers")]) == 1


def test_a_disk_that_fails_stops_no_request(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(fd: int, length: int = 0) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tradekit.brokers.ccxt.limiter.fcntl.flock", fails)
    failing = SharedQuota(Quota(10.0, 60.0), file)
    with caplog.at_level(logging.WARNING):
        assert [failing.wait(4.0, 1.0), failing.wait(4.0, 2.0)] == [0.0, 0.0]
        assert failing.wait(4.0, 3.0) > 0
    assert len([one for one in caplog.records if one.name.startswith("tradekit.brokers")]) == 1


def test_its_file_is_its_users_own_and_stays_small(file: Path) -> None:
    one, _ = two(file, most=100_000.0)
    for n in range(500):
        one.wait(1.0, 100.0 + n / 25)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.path.getsize(file) < 4000
