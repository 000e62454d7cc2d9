"""`tradekit why`: an order's story from a journal."""

from collections.abc import Callable
from pathlib import Path

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


def test_it_tells_what_led_to_an_order_and_what_became_of_it(cli: Cli, journal: Path) -> None:
    said = cli("why", "sma_cross-1", "--journal", journal)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "Order sma_cross-1"
    told = [line.split()[3:5] for line in lines if line.startswith("  ") and ":" in line]
    assert told == [["bar", "closed"], ["order", "submitted"], ["order", "accepted"], ["order", "filled"]]
    assert said.out.rstrip().endswith("rule market.open: A market order fills at the next bar's open.")


def test_programs_get_its_steps_with_their_causes(cli: Cli, journal: Path) -> None:
    story = cli("why", "sma_cross-2", "--journal", journal, "--json").json
    assert story["title"] == "Order sma_cross-2"
    (chapter,) = story["chapters"]
    bar, submitted, *_ = chapter["steps"]
    assert submitted["cause"] == bar["seq"]
    assert bar["what"] == "bar closed"


def test_an_order_that_is_not_there_is_named(cli: Cli, journal: Path) -> None:
    said = cli("why", "nobody-1", "--journal", journal)
    assert (said.code, said.out) == (2, "")
    assert "there is no order 'nobody-1' in this journal" in said.err


def test_a_running_sessions_name_means_its_journal(cli: Cli, session: Callable[..., object]) -> None:
    session("paper")
    assert "events.log" in cli("why", "sma_cross-1", "--journal", "paper").err  # it keeps none there
    assert "events.log" in cli("state", "--journal", "paper").err
    assert "no session named 'papers'" in cli("why", "sma_cross-1", "--journal", "papers").err
