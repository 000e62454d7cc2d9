"""`tradekit sessions`: who runs."""

from collections.abc import Callable

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
Start = Callable[..., "Session"]  # noqa: F821


def test_nobody_runs(cli: Cli) -> None:
    said = cli("sessions")
    assert (said.code, said.out) == (0, "")
    assert "no session runs on this machine; start one with: tradekit run" in said.err
    assert cli("sessions", "--json").json == []


def test_everybody_who_runs_is_listed(cli: Cli, session: Start) -> None:
    session("paper", pid=4242)
    session("breakout")
    lines = cli("sessions").out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "breakout", "paper"]
    assert "4242" in lines[2]


def test_programs_get_where_it_listens_and_where_its_token_lies_but_not_the_token(
    cli: Cli, session: Start
) -> None:
    paper = session("paper")
    said = cli("sessions", "--json")
    (told,) = said.json
    assert told["uri"] == paper.bridge.uri
    assert told["token_file"].endswith("paper.token")
    with open(told["token_file"], encoding="ascii") as file:
        assert file.read().strip() not in said.out
