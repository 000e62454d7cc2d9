"""A session's alerts: who is told what, in this life and after a crash, with the real library on loopback."""

import contextlib
import json
import logging
import stat
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.health.ways import Letterbox, letterbox
from tests.sessions import Project, wait_until
from tests.wiring.conftest import live, put_together
from tradekit.cli.main import main
from tradekit.config.load import load_config
from tradekit.core.bus import Bus
from tradekit.core.clock import SystemClock
from tradekit.core.event import Fact
from tradekit.core.redact import secrets
from tradekit.errors import ConfigError
from tradekit.model.order import OrderRejected
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.session import RiskChanged, SessionClosed
from tradekit.wiring.alerts import Alerts
from tradekit.wiring.build import Parts
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]
PLACE = "env:TRADEKIT_TEST_ALERTS"
HALT = RiskChanged(True, True, False, "max_daily_loss", "risk")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Letterbox]:
    """Where the configured target is."""
    monkeypatch.setattr(secrets, "_forms", secrets._forms)
    monkeypatch.setattr(secrets, "_bytes", secrets._bytes)
    with letterbox() as made:
        monkeypatch.setenv("TRADEKIT_TEST_ALERTS", made.address)
        yield made


class Life:
    """One life of a session's alerts: its journal, and a bus that tells what is written there."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.bus = Bus()
        self.alerts = Alerts(parts.config, parts.journal, SystemClock()).begin(self.bus)

    def tell(self, *facts: Fact, heard: bool = True) -> None:
        """Write the facts; `heard` False is a crash before anybody was told."""
        execution = self.parts.execution
        for fact in facts:
            stored = self.parts.journal.append(
                execution.take(fact, execution.engine.state.time), critical=True
            )
            for one in stored if heard else ():
                self.bus.publish(one.event)


@pytest.fixture
def lives(project: Project, box: Letterbox) -> Callable[..., Any]:
    """`with lives() as life`: the next life of one session; it ends as by a crash, and is not told of that."""
    live(project, 5, event_bus__event_log_file=str(project.journal))

    @contextlib.contextmanager
    def begin(**alerts: Any) -> Iterator[Life]:
        kinds = {"restarted": "never", **alerts.pop("kinds", {})}
        with put_together(project, alerts={"targets": [PLACE], "kinds": kinds, **alerts}) as parts:
            yield Life(parts)

    return begin


def test_what_happens_is_told_with_its_number_and_nothing_else_is(lives: Any, box: Letterbox) -> None:
    with lives() as life:
        life.tell(AlertRaised("drill", "below the least grade"), HALT)
        wait_until(lambda: box.letters)
        life.alerts.close()
        seq = life.parts.journal.last_seq
    assert [one["title"] for one in box.letters] == ["[paper] paper: halted"]
    assert box.texts == [f"halted by risk: max_daily_loss (#{seq})"]


def test_a_kind_may_be_worth_more_or_nothing(lives: Any, box: Letterbox) -> None:
    with lives(kinds={"rejected": "never", "drill": "critical"}) as life:
        life.tell(OrderRejected("a", "BTC", "no"), AlertRaised("drill", "loud"))
        wait_until(lambda: box.letters)
        life.alerts.close()
    assert [(one["title"], one["type"]) for one in box.letters] == [("[paper] paper: drill", "failure")]


def test_a_restart_tells_nothing_again_and_what_was_not_told(lives: Any, box: Letterbox) -> None:
    with lives() as life:
        life.tell(HALT)
        wait_until(lambda: life.alerts.sent[PLACE] == 1)
        wait_until(lambda: json.loads(life.parts.config.alerts_file.read_text())["told"][PLACE])
        life.tell(AlertRaised("unknown", "the machine went away"), heard=False)
    with lives() as life:
        wait_until(lambda: len(box.letters) == 2)
        life.alerts.close()
    assert "the machine went away" in box.texts[1]
    assert "told late: it happened 2022-12-13T" in box.texts[1]
    with lives() as life:
        life.alerts.close()
    assert len(box.letters) == 2


def test_that_a_life_has_ended_without_a_word_is_told_by_the_next(
    lives: Any, box: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    with lives(kinds={"restarted": "warning"}) as life:
        last = life.parts.journal.last_seq
        life.tell(SessionClosed("paper", "in good order"))
        life.alerts.close()
    said = f"started again: the life before it ended without a word, after #{last}"
    assert said in box.texts[0]
    assert said in caplog.text
    before = len(box.letters)
    with lives(kinds={"restarted": "warning"}) as life:
        life.alerts.close()
    assert len(box.letters) == before


def test_what_a_dead_target_was_not_told_waits_for_the_next_life(lives: Any, box: Letterbox) -> None:
    box.status = 503
    with lives() as life:
        life.tell(HALT)
        wait_until(lambda: PLACE in life.alerts.failing)
        assert life.alerts.waiting == {PLACE: 1.0}
        life.alerts.close()
    box.status = 200
    with lives() as life:
        wait_until(lambda: box.letters)
        life.alerts.close()
        assert life.alerts.failing == {}
    assert "max_daily_loss" in box.texts[0]


def test_each_target_is_told_what_it_has_not_been(
    lives: Any, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [PLACE, "env:TRADEKIT_OTHER_ALERTS"]
    with letterbox() as other:
        monkeypatch.setenv("TRADEKIT_OTHER_ALERTS", other.address)
        other.status = 503
        with lives(targets=both) as life:
            life.tell(HALT)
            wait_until(lambda: box.letters and both[1] in life.alerts.failing)
            life.alerts.close()
        other.status = 200
        with lives(targets=both) as life:
            wait_until(lambda: other.letters)
            life.alerts.close()
    assert (len(box.letters), len(other.letters)) == (1, 1)


def test_a_new_target_is_told_from_now_on_and_a_new_journal_from_its_beginning(
    lives: Any, box: Letterbox, project: Project
) -> None:
    with put_together(project) as parts:
        without = Life(parts)
        without.tell(HALT)
        without.alerts.close()
    with lives() as life:
        life.alerts.close()
    assert box.letters == []
    with lives() as life:
        life.alerts.close()
        kept = json.loads(life.parts.config.alerts_file.read_text(encoding="utf-8"))
        assert kept == {"journal": life.parts.journal.id, "told": {PLACE: life.parts.journal.last_seq}}
        assert stat.S_IMODE(life.parts.config.alerts_file.stat().st_mode) == 0o600
        life.parts.config.alerts_file.write_text(json.dumps(kept | {"journal": "another"}), encoding="utf-8")
    with lives() as life:
        life.alerts.close()
    assert box.letters == []


def test_a_note_that_cannot_be_read_is_said_and_begins_anew(
    lives: Any, box: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    with lives() as life:
        life.alerts.close()
        life.parts.config.alerts_file.write_text("{", encoding="utf-8")
    with lives() as life:
        life.alerts.close()
    assert "alerts are told from now on" in caplog.text


def test_one_target_that_hangs_delays_neither_the_session_nor_another(
    lives: Any, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with letterbox() as other:
        other.free.clear()
        monkeypatch.setenv("TRADEKIT_OTHER_ALERTS", other.address)
        with lives(targets=[PLACE, "env:TRADEKIT_OTHER_ALERTS"]) as life:
            life.tell(HALT, OrderRejected("a", "BTC", "no"))
            wait_until(other.tried.is_set)
            wait_until(lambda: len(box.letters) == 2)
            wait_until(lambda: life.alerts.waiting == {PLACE: 0.0, "env:TRADEKIT_OTHER_ALERTS": 2.0})
            other.free.set()
            life.alerts.close()


def test_a_storm_is_told_as_a_digest(lives: Any, box: Letterbox) -> None:
    with lives(per_minute=1) as life:
        life.tell(HALT)
        wait_until(lambda: box.letters)
        life.tell(*(OrderRejected(f"s-{n}", "BTC", "no funds") for n in range(50)))
        life.alerts.close()
    assert box.texts[1].startswith("50 messages: 50 rejected\n")
    assert "and 40 more" in box.texts[1]


def test_an_address_that_cannot_be_used_is_refused_at_the_start_without_being_repeated(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEKIT_TEST_ALERTS", "bogus://s3cret-t0ken")
    config = load_config(project.config, overrides={"alerts": {"targets": [PLACE, "env:TRADEKIT_NOT_SET"]}})
    with (
        put_together(project) as parts,
        pytest.raises(
            ConfigError, match=r"alerts.targets\[0\]: env:TRADEKIT_TEST_ALERTS holds no address"
        ) as no,
    ):
        Alerts(config, parts.journal, SystemClock())
    assert "s3cret" not in str(no.value)


def test_a_whole_session_tells_that_it_was_halted_and_that_it_stopped(
    project: Project, host: Host, box: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def play(session: Session) -> dict[str, Any]:
        session.halt("lunch")
        wait_until(lambda: any("lunch" in text for text in box.texts))
        health, metrics = session.vitals()
        assert metrics["tradekit_alerts_sent{env:TRADEKIT_TEST_ALERTS}"] >= 1
        return health

    health = host(play, alerts={"targets": [PLACE], "least": "info", "kinds": {"feed": "never"}})
    assert health["alerts"] == {}
    told = "\n".join(box.texts)
    for word in ("started with SmaCross", "halted by local: lunch", "stopped: stopped by local"):
        assert word in told
    written = b"".join(f.read_bytes() for f in project.root.rglob("*") if f.is_file())
    written += secrets.clean(caplog.text).encode()  # as a session's log has it
    for part in (b"hunter2hunter2", b"t0ken-in-the-path"):
        assert part not in written


def test_a_target_that_is_not_reached_shows_in_the_sessions_health(
    project: Project, host: Host, box: Letterbox
) -> None:
    box.status = 500

    def play(session: Session) -> dict[str, Any]:
        session.halt("lunch")
        wait_until(lambda: session.vitals()[0]["alerts"], period_s=0.05)
        return session.vitals()[0]

    health = host(play, alerts={"targets": [PLACE]})
    assert list(health["alerts"]) == [PLACE]


def test_the_doctor_looks_at_each_address_and_sends_a_test_when_told_to(
    project: Project, box: Letterbox, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write(alerts={"targets": [PLACE]})
    assert main(["doctor", str(project.config)]) == 0
    assert f"{PLACE}: an address that can be used" in capsys.readouterr().out
    assert box.letters == []
    assert main(["doctor", str(project.config), "--send"]) == 0
    assert f"{PLACE}: a test was sent" in capsys.readouterr().out
    assert "nothing has happened" in box.texts[0]
    box.status = 403
    assert main(["doctor", str(project.config), "--send"]) == 1
    assert f"{PLACE}: the test did not go out" in capsys.readouterr().out


def test_a_test_needs_a_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--send"]) == 2
    assert "tradekit doctor CONFIG --send" in capsys.readouterr().err
