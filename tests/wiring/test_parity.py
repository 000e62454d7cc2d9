"""A journal's own strategy and terms are found; a session, a file and a configuration give the same report."""

import sys
from pathlib import Path

import pytest

import tradekit as tk
from tests.sessions import Project
from tests.wiring.conftest import Host, live
from tradekit.core.archive import archive_path
from tradekit.core.clock import SystemClock
from tradekit.core.open import open_writer
from tradekit.core.prune import prune
from tradekit.core.sqlite import SqliteJournal
from tradekit.errors import DataError, NotFoundError, StrategyError
from tradekit.report.parity import Parity
from tradekit.wiring.sessions import Session

STRATEGY = '''
import tradekit as tk


class Dips(tk.Strategy):
    """Buys a fall."""

    def on_start(self):
        self.before = 0.0

    def on_bar(self, bar):
        if bar.close < self.before:
            self.buy_to(1)
        else:
            self.close()
        self.before = bar.close
'''


def test_a_paper_session_equals_its_backtest_by_its_own_terms(project: Project) -> None:
    live(project, 100, clean=True)
    report = tk.parity(project.journal)
    assert report.equal
    assert report.fills[0] == report.fills[1] > 0
    assert report.notes == ()


def test_it_does_so_over_a_restart(project: Project) -> None:
    live(project, 60, snapshot_at=40)
    live(project, 140)
    report = tk.parity(project.journal)
    assert report.equal
    assert report.notes == ("the session was started 2 times; the backtest runs through",)


def test_a_pruned_journal_is_read_with_its_archive_or_the_missing_range_is_named(project: Project) -> None:
    live(project, 100)
    with open_writer(project.journal, clock=SystemClock(), program="test") as journal:
        assert isinstance(journal, SqliteJournal)
        prune(journal, before=90, min_events=5)
    assert tk.parity(project.journal).equal
    archive_path(project.journal).unlink()
    with pytest.raises(NotFoundError, match=r"events \d+ to \d+ of events.log were moved"):
        tk.parity(project.journal)


def test_a_configuration_names_its_journal_and_its_strategy(project: Project) -> None:
    (project.root / "dips.py").write_text(STRATEGY, encoding="utf-8")
    project.write(strategy={"class": "dips.py:Dips"})
    live(project, 60)
    assert tk.parity(str(project.config)).equal


def test_the_file_of_a_strategy_is_looked_for_near_the_journal(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.root / "strategies"
    folder.mkdir()
    (folder / "dips.py").write_text(STRATEGY, encoding="utf-8")
    project.write(strategy={"class": "strategies/dips.py:Dips"})
    live(project, 60)
    assert tk.parity(project.journal).equal
    (folder / "dips.py").unlink()
    monkeypatch.delitem(sys.modules, "strategies.dips")
    with pytest.raises(StrategyError, match=r"say where it is: strategy= \(--strategy\)"):
        tk.parity(project.journal)
    (folder / "elsewhere.py").write_text(STRATEGY.replace("bar.close <", "bar.close >"), encoding="utf-8")
    report = tk.parity(project.journal, strategy=f"{folder / 'elsewhere.py'}:Dips")
    assert not report.replay.equal
    assert report.replay.reasons[0].startswith("the source of Dips was another one")


def test_other_data_show_what_the_session_missed(project: Project, tmp_path: Path) -> None:
    live(project, 60)
    lines = (tmp_path / "BTCUSDT.csv").read_text(encoding="utf-8").splitlines()
    lines[41] = lines[41].replace(",110.5,", ",110.6,")  # its high
    more = tmp_path / "other" / "BTCUSDT.csv"
    more.parent.mkdir()
    more.write_text("\n".join(lines[:20] + lines[21:]) + "\n", encoding="utf-8")
    report = tk.parity(project.journal, bars=str(more))
    assert [row.kind for row in report.differences if row.what == "bar"] == ["extra bar", "revised bar"]
    assert report.unexplained == 0
    assert "the backtest runs on other bars than the session saw" in report.notes[0]


def test_data_of_something_else_are_refused_with_what_is_wanted(project: Project) -> None:
    live(project, 60)
    with pytest.raises(DataError, match=r"the session took none; it took BTCUSDT 1m"):
        tk.parity(project.journal, bars="sample:EURUSD-1h")


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        tk.parity(tmp_path / "nothing.log")


def test_a_running_session_reports_on_itself_over_file_and_wire(project: Project, host: Host) -> None:
    def play(session: Session) -> Parity:
        session.wait_for(lambda state: any(feed.status == "ended" for feed in state.health.feeds.values()))
        return session.parity()

    by_file, by_wire = host(play), host(play, event_bus__persist_events=False)
    assert by_file.equal
    assert by_wire.equal
    assert by_file.fills == by_wire.fills
    assert by_file.fills[0] > 0
