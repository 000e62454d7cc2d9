"""Bars from files that grow, in virtual time: what is told, when, and what is said of the rest."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import MINUTE, START
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.reconciliation import AlertRaised
from tradekit.run.live_feed import Told
from tradekit.run.tail import Tailed, TailStream

HEAD = "ts,open,high,low,close,volume\n"
KEY = ("BTC", "1m")


def line(n: int, price: float = 100.0) -> str:
    """The bar `n` minutes after START."""
    return f"{(START + n * MINUTE) // 1_000_000_000},{price},{price + 1},{price - 1},{price},2\n"


class Bench:
    """A stream on a file, and what it told."""

    def __init__(self, path: Path, spec: Instrument, *, minute: float) -> None:
        self.path = path
        self.clock = VirtualClock(asyncio.get_running_loop(), START + int(minute * MINUTE))
        self.stream = TailStream([Tailed(path, spec, "1m")], clock=self.clock)
        self.told: list[Told] = []

    async def listen(self, after: dict[Any, int]) -> None:
        async for told in self.stream.facts(after):
            self.told.append(told)

    def write(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    @property
    def bars(self) -> list[int]:
        """The minutes of the bars that were told."""
        return [(fact.ts - START) // MINUTE for _, fact in self.told if isinstance(fact, Bar)]

    @property
    def alerts(self) -> list[str]:
        return [fact.text for _, fact in self.told if isinstance(fact, AlertRaised)]


Script = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Bench]:
    """`play(script, minute=3)`: a script in virtual time that begins so many minutes after START."""

    def run(script: Script, *, minute: float = 10, after: int | None = None, calendar: str = "24/7") -> Bench:
        async def whole() -> Bench:
            bench = Bench(tmp_path / "BTC.csv", Instrument(id="BTC", calendar=calendar), minute=minute)
            behind = {} if after is None else {KEY: START + after * MINUTE}
            listening = asyncio.create_task(bench.listen(behind))
            await script(bench)
            await bench.stream.close()
            await listening
            return bench

        return in_virtual_time(whole())

    return run


def test_a_bar_is_told_when_its_line_is_whole_with_the_moment_of_its_close(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(1)[:-5])
        await asyncio.sleep(1)
        assert bench.bars == [0]
        bench.write(line(1)[-5:])
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1]
    ts, bar = bench.told[1]
    assert ts == START + 2 * MINUTE
    assert bar == Bar("BTC", "1m", START + MINUTE, 100.0, 101.0, 99.0, 100.0, 2.0)


def test_it_goes_on_behind_the_bars_that_were_taken(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + "".join(map(line, range(6))))
        await asyncio.sleep(1)

    assert play(script, after=3).bars == [4, 5]


def test_what_is_there_twice_is_told_once_whatever_its_numbers_are(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(1) + line(1) + line(0, 777.0))
        await asyncio.sleep(1)
        bench.write(line(1) + line(2))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1, 2]
    assert {bar.close for _, bar in bench.told if isinstance(bar, Bar)} == {100.0}


def test_a_line_without_an_end_is_said_and_those_behind_it_are_bars(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradekit.data.growing._MOST", 256)

    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + "x" * 1000)
        await asyncio.sleep(1)
        bench.write("x\n" + line(1))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1]
    (alert,) = bench.alerts
    assert "line 3 of BTC.csv, which begins at byte" in alert
    assert "let the program that writes it end each bar's line" in alert


def test_missing_bars_are_said_and_those_behind_them_are_told(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(4))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 4]
    assert bench.alerts == ["BTC: 3 bars are missing before 2022-12-13T00:04:00Z"]


def test_a_file_that_begins_later_than_history_was_wanted_misses_nothing(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(5))
        await asyncio.sleep(1)

    bench = play(script, after=0)
    assert (bench.bars, bench.alerts) == ([5], [])


def test_lines_that_cannot_be_bars_are_said_and_left_out(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + "1,2\n" + "soon,1,1,1,1,1\n" + line(1) + f"{line(2)[:-1]},7,7\n")
        await asyncio.sleep(1)
        bench.write("nothing,of,this,is,a,number\n")
        await asyncio.sleep(1)
        bench.write(line(2))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1, 2]
    assert bench.alerts == [
        "BTC: line 3, with 2 more is no bar and is left out: it has 2 columns, and the first line 6",
        "BTC: line 7 is no bar and is left out: "
        "1 of 1 rows have a time that cannot be read: row 0 (no time): time is 'nothing'.",
    ]


def test_one_bad_line_among_many_spoils_no_other(play: Any) -> None:
    async def script(bench: Bench) -> None:
        lines = [line(n) for n in range(300)]
        lines[70] = "1670893800,100,99,101,100,1\n"  # its high is below its low
        lines[200] = "never,1,1,1,1,1\n"
        bench.write(HEAD + "".join(lines))
        await asyncio.sleep(1)

    bench = play(script, minute=400)
    assert bench.bars == [n for n in range(300) if n not in (70, 200)]
    assert bench.alerts[0].startswith("BTC: line 72, with 1 more is no bar and is left out: ")


def test_bars_shorter_than_those_that_were_agreed_are_left_out(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(1).replace("1670889660", "1670889630") + line(1))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1]
    assert bench.alerts == ["BTC: 2022-12-13T00:00:30Z comes 30 s after the bar before: left out"]


def test_a_bar_that_has_not_closed_waits_for_its_close_and_that_is_said_once(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(9) + line(10) + line(11))
        await asyncio.sleep(1)
        assert bench.bars == [9]
        await asyncio.sleep(60)
        assert bench.bars == [9, 10]
        await asyncio.sleep(60)

    bench = play(script, minute=10)
    assert bench.bars == [9, 10, 11]
    (alert,) = bench.alerts
    assert "the bar of 2022-12-13T00:10:00Z is there before it has closed" in alert


def test_a_new_file_in_its_place_goes_on_where_the_old_one_ended(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(1))
        await asyncio.sleep(1)
        bench.path.rename(bench.path.with_suffix(".1"))
        bench.write(HEAD + line(1) + line(2))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1, 2]
    assert bench.alerts == ["BTC: BTC.csv was replaced by a new file"]


def test_a_file_is_waited_for(play: Any) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(5)
        bench.write(HEAD + line(0))
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0]
    assert [text.split(": ", 1)[1][:16] for text in bench.alerts] == ["there is no file", "BTC.csv is there"]


def test_a_series_is_stale_when_its_bar_is_overdue_by_more_than_a_program_takes(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(9))
        await asyncio.sleep(1)
        await asyncio.sleep(60 + 28)  # the bar of minute 10 closes in 60 s, and 30 s are allowed
        assert bench.stream.stale() == []
        await asyncio.sleep(4)
        assert bench.stream.stale() == [KEY]
        bench.write(line(10))
        await asyncio.sleep(1)
        assert bench.stream.stale() == []

    play(script, minute=10)


def test_where_nothing_was_ever_told_it_is_stale_after_a_bar_and_its_time(play: Any) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(88)
        assert bench.stream.stale() == []
        await asyncio.sleep(5)
        assert bench.stream.stale() == [KEY]

    play(script)


def test_while_an_exchange_rests_nothing_is_overdue_and_no_bar_is_missing(play: Any) -> None:
    opens = 14 * 60 + 30  # New York, in minutes of the UTC day

    async def script(bench: Bench) -> None:
        bench.write(HEAD + line(0) + line(1))
        await asyncio.sleep(3600)
        assert bench.stream.stale() == []
        await asyncio.sleep(30 * 60 + 88)
        assert bench.stream.stale() == []
        await asyncio.sleep(5)
        assert bench.stream.stale() == [KEY]
        bench.write(line(opens))
        await asyncio.sleep(1)

    bench = play(script, minute=opens - 90, calendar="XNYS")
    assert (bench.bars, bench.alerts) == ([0, 1, opens], [])


def test_times_may_be_written_as_people_do(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write("Date,Open,High,Low,Close\n2022-12-13 00:00:00,1,1,1,1\n")
        await asyncio.sleep(1)
        bench.write("2022-12-13 00:01:00,2,2,2,2\n")
        await asyncio.sleep(1)

    bench = play(script)
    assert bench.bars == [0, 1]
    assert [bar.volume for _, bar in bench.told if isinstance(bar, Bar)] == [0.0, 0.0]


def test_columns_that_are_no_bars_are_said(play: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.write("ts,price\n1670889600,1\n")
        await asyncio.sleep(1)

    (alert,) = play(script).alerts
    assert "no columns open, high, low, close" in alert
