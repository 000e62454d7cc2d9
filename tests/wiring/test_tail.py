"""A whole session on a file that grows: its start, its restart at the right row, and what the doctor says."""

import math
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project, wait_until
from tradekit.cli.main import main
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError
from tradekit.wiring.sessions import Session
from tradekit.wiring.tail import tailed_files

Host = Callable[..., Any]
HEAD = "ts,open,high,low,close,volume\n"
LENGTH = 1  # a bar lasts a second, so that a test does not last a minute


class Writer:
    """The other program: appends the bars that have closed since it last did."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next = int(time.time()) - 30
        path.write_text(HEAD, encoding="utf-8")

    def catch_up(self) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            while self.next + LENGTH <= time.time():
                price = 100 + 5 * math.sin(self.next)
                file.write(f"{self.next},{price:.2f},{price + 1:.2f},{price - 1:.2f},{price:.2f},1\n")
                self.next += LENGTH


@pytest.fixture
def writer(project: Project) -> Writer:
    """It writes into the project's file, and the project's session reads that."""
    (project.root / "bars").mkdir()
    project.write(
        strategy={"class": "tradekit.strategy.library:SmaCross", "params": {"fast": 2, "slow": 3, "qty": 1}},
        market_data={"source": "tail", "bars": ["bars/DEMO.csv"], "timeframes": ["1s"], "warmup_bars": 10},
    )
    return Writer(project.root / "bars" / "DEMO.csv")


@pytest.mark.process
def test_it_trades_on_what_is_appended_and_goes_on_at_the_right_row_after_a_restart(
    project: Project, host: Host, writer: Writer
) -> None:
    def play(session: Session) -> list[int]:
        def traded() -> bool:
            writer.catch_up()
            return len(session.state.fills) >= 2

        wait_until(traded, period_s=0.1)
        return [row.ts for row in session.state.bars["DEMO"]["1s"]]

    writer.catch_up()
    first = host(play)
    begun = len(project.events("order.filled"))
    assert first == list(range(first[0], first[-1] + 1, 1_000_000_000))
    second = host(
        lambda session: (wait_until(lambda: _more(writer, session, first[-1]), period_s=0.1), play(session))[
            1
        ]
    )
    assert second[: len(first)] == first
    assert second == list(range(second[0], second[-1] + 1, 1_000_000_000))  # none twice, none missing
    assert len(project.events("order.filled")) >= begun


def _more(writer: Writer, session: Session, after: int) -> bool:
    writer.catch_up()
    return session.state.bars["DEMO"]["1s"][-1].ts > after


def test_history_that_is_older_than_the_warm_up_is_left_alone(
    project: Project, host: Host, writer: Writer
) -> None:
    writer.catch_up()

    def play(session: Session) -> int:
        wait_until(lambda: session.state.bars.get("DEMO"))
        return len(session.state.bars["DEMO"]["1s"])

    assert host(play) < 25  # of 30 that stand there, and those that came meanwhile


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"market_data": {"source": "tail"}}, "market_data.bars: missing; list the CSV files that grow"),
        ({"market_data": {"source": "tail", "bars": ["x.parquet"]}}, "source tail reads .csv files"),
        ({"market_data": {"source": "tail", "bars": ["x.csv"], "speed": 2.0}}, "market_data.speed"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(project: Project, sections: Any, said: str) -> None:
    project.write(**sections)
    with pytest.raises(ConfigError, match=said):
        check_runnable(load_config(project.config))


def test_the_file_says_how_long_its_bars_are_and_else_the_configuration(
    project: Project, writer: Writer
) -> None:
    def timeframe() -> str:
        (one,) = tailed_files(load_config(project.config), [])
        return one.timeframe

    assert timeframe() == "1s"
    project.write(market_data={"source": "tail", "bars": ["bars/DEMO.csv"]})
    with pytest.raises(ConfigError, match="has no two bars yet, which would tell how long they are"):
        timeframe()
    writer.catch_up()
    assert timeframe() == "1s"
    project.write(market_data={"source": "tail", "bars": ["bars/DEMO.csv"], "timeframes": ["1m"]})
    assert timeframe() == "1s"


def test_what_does_not_fit_together_is_said(project: Project, writer: Writer) -> None:
    writer.path.write_text(HEAD + "0,1,1,1,1,1\n3600,1,1,1,1,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"1m bars cannot be made from .*DEMO\.csv, which has 1h bars"):
        tailed_files(load_config(project.config, overrides={"market_data.timeframes": ["1m"]}), [])
    project.write(instruments=[{"id": "OTHER"}])
    with pytest.raises(ConfigError, match="instruments: OTHER has no file; the files are of DEMO"):
        tailed_files(load_config(project.config, overrides={"market_data.timeframes": ["1h"]}), [])


def test_an_instrument_is_as_the_configuration_says(project: Project, writer: Writer) -> None:
    project.write(instruments=[{"id": "DEMO", "quote": "EUR", "tick": 0.5}])
    (one,) = tailed_files(load_config(project.config), [])
    assert (one.spec.quote, str(one.spec.tick)) == ("EUR", "0.5")


def test_the_doctor_says_what_stands_there(
    project: Project, writer: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", str(project.config)])
    assert "column names and no rows" in capsys.readouterr().out
    writer.catch_up()
    assert main(["doctor", str(project.config)]) == 0
    assert re.search(r"3[01] bars so far", capsys.readouterr().out)
    writer.path.unlink()
    assert main(["doctor", str(project.config)]) == 0
    assert "is not there yet: a session waits for it" in capsys.readouterr().out


def test_an_exchanges_hours_are_told_once_over_a_restart(
    project: Project, host: Host, writer: Writer
) -> None:
    project.write(instruments=[{"id": "DEMO", "calendar": "XNYS"}])
    for _ in range(2):
        market = host(lambda session: wait_until(lambda: session.state.markets.get("XNYS")))
        assert market.session
    told = [(event.type, event.data.session) for event in project.events("market.opened", "market.closed")]
    assert len(told) == len(set(told)) >= 1
