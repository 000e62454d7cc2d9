"""A running paper session compares its books with its exchange's: at its start and whenever it is told to."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sessions import Project
from tests.wiring.test_host import WAIT_S, played_out
from tradekit.cli.main import main
from tradekit.errors import RefusedError
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]


def test_a_paper_session_answers_reconcile_and_its_books_agree(
    project: Project, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(session: Session) -> tuple[int, dict[str, Any], str]:
        played_out(session)
        rounds = session.reconciliation.rounds
        session.reconcile()
        assert session.wait_for(lambda state: state.health.reconciliation.rounds == rounds + 1, WAIT_S)
        with pytest.raises(RefusedError, match="no open difference 'cash:USD'; open: none"):
            session.resolve("cash:USD", accept=True)
        capsys.readouterr()
        code = main(["reconcile", "paper", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert main(["reconcile", "paper"]) == 0
        return code, told, capsys.readouterr().err

    code, told, words = host(play)
    assert (code, told["status"], told["differences"], told["failed"]) == (0, "green", [], {})
    assert (told["session"], told["command"]) == ("paper", "reconcile")
    assert words.startswith("paper: green, #")
    completed = project.events("reconciliation.completed")
    assert [event.data.ok for event in completed] == [True] * 4
    assert [event.data.name for event in project.events("command.received")].count("reconcile") == 3


def test_a_restarted_session_compares_its_books_before_it_goes_on(project: Project, host: Host) -> None:
    host(played_out)
    host(lambda session: None)
    opened = [event.seq for event in project.events("session.opened")]
    completed = [event.seq for event in project.events("reconciliation.completed")]
    assert len(opened) == len(completed) == 2
    assert completed[1] - opened[1] == 1


def test_an_unknown_kind_of_difference_is_refused_with_the_file(project: Project, host: Host) -> None:
    project.write(reconciliation={"accept": {"positions": True}})
    with pytest.raises(
        Exception, match=r"reconciliation.accept: no kind of difference is called 'positions'"
    ):
        host(played_out)
