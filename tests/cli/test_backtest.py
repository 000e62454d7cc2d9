"""`tradekit backtest`: the form outside checks call, what it prints, and every bad input by place and remedy."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.strategy.library import SmaCross

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
SCRIPT = str(Path(sys.executable).with_name("tradekit"))
CROSS = ("--strategy", "tradekit.strategy.library:SmaCross", "--set", "fast=10", "--set", "slow=20")
GOOD = "ts,open,high,low,close,volume\n" + "".join(
    f"2024-01-01T00:{m:02}:00Z,{100 + m % 7},{103 + m % 7},{98 + m % 7},{101 + m % 7},5\n" for m in range(60)
)


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    file = tmp_path / "day.csv"
    file.write_text(GOOD, encoding="utf-8")
    return file


def test_the_outside_form_prints_one_object_of_stats_trades_and_fills(cli: Cli, bars: Path) -> None:
    said = cli("backtest", *CROSS, "--data", bars, "--cash", "10000", "--fee", "0.002", "--json")
    assert said.code == 0
    assert said.json.keys() >= {"stats", "trades", "fills"}
    assert said.json["stats"]["bars"] == 60
    assert said.out.count("\n") == 1


def test_it_gives_what_the_library_gives(cli: Cli) -> None:
    said = cli(
        "backtest", *CROSS, "--data", "sample:BTCUSDT-1m", "--cash", "1e5", "--fee", "0.0005", "--json"
    )
    result = backtest(SmaCross(fast=10, slow=20), load_bars("sample:BTCUSDT-1m"), cash=100_000, fee=0.0005)
    assert said.json == json.loads(json.dumps(result.to_json(), default=str))
    assert len(said.json["fills"]) > 10


def test_a_gzipped_file_whose_first_column_is_a_date_is_read(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "day.csv.gz"
    file.write_bytes(gzip.compress(GOOD.replace("ts,", "date,", 1).encode()))
    assert cli("backtest", *CROSS, "--data", file, "--json").json["stats"]["bars"] == 60


def test_without_json_a_person_reads_it(cli: Cli, bars: Path) -> None:
    said = cli("backtest", *CROSS, "--data", bars, "--instrument", "ACME", "--timeframe", "1m")
    assert said.out.startswith("SmaCross(fast=10, slow=20, qty=1.0) on ACME 1m, 60 bars\n")
    assert "Total return" in said.out
    assert "2024-01-01 00:00 to 2024-01-01 00:59 UTC, 60 bars" in said.out


def test_a_reader_is_warned_of_what_makes_the_numbers_doubtful(cli: Cli) -> None:
    said = cli("backtest", *CROSS, "--data", "sample:BTCUSDT-1m")
    assert "Warning: exposure reached" in said.out


@pytest.mark.process
def test_a_warning_of_the_data_goes_to_stderr(bars: Path) -> None:
    """In a process of its own: pytest keeps the log to itself here."""
    bars.write_text(put(5, 5, ""), encoding="utf-8")
    words = [SCRIPT, "backtest", *CROSS, "--data", str(bars), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "volume unknown 1" in done.stderr
    assert json.loads(done.stdout)["stats"]["bars"] == 60


@pytest.mark.process
def test_the_plot_is_a_page_that_needs_no_network(bars: Path, tmp_path: Path) -> None:
    """In a process of its own, as from a shell: Panel, once imported, adds its scripts to Bokeh's pages."""
    page = tmp_path / "plot.html"
    words = [SCRIPT, "backtest", *CROSS, "--data", str(bars), "--plot", str(page), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == f"tradekit: wrote {page}\n"
    assert json.loads(done.stdout)["stats"]["bars"] == 60
    text = page.read_text(encoding="utf-8")
    assert "SmaCross" in text
    assert "<script src=" not in text


@pytest.mark.process
def test_the_tear_sheet_is_a_page_that_needs_no_network(bars: Path, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    words = [SCRIPT, "backtest", *CROSS, "--data", str(bars), "--tearsheet", str(page), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == f"tradekit: wrote {page}\n"
    text = page.read_text(encoding="utf-8")
    assert "Return by month" in text
    assert "<script src=" not in text


@pytest.mark.parametrize("option", ["--plot", "--tearsheet"])
def test_a_page_that_cannot_be_written_is_bad_input(
    cli: Cli, bars: Path, tmp_path: Path, option: str
) -> None:
    said = cli("backtest", *CROSS, "--data", bars, option, tmp_path / "none" / "page.html")
    assert (said.code, said.out) == (2, "")
    assert f"{option} " in said.err
    assert "page.html cannot be written: No such file or directory" in said.err


def test_a_trade_carries_its_rules_reasons_and_excursions(cli: Cli) -> None:
    said = cli("backtest", *CROSS, "--data", "sample:BTCUSDT-1m", "--json")
    trade = said.json["trades"][0]
    assert trade["entry_rule"] == trade["exit_rule"] == "market.open"
    assert trade.keys() >= {"position", "bars", "mae", "mfe", "entry_reason", "exit_reason"}
    assert trade["mae"] <= 0 <= trade["mfe"]


def test_leverage_refuses_what_the_account_cannot_carry(cli: Cli) -> None:
    said = cli(
        "backtest", *CROSS, "--data", "sample:BTCUSDT-1m", "--leverage", "1", "--rules", "default", "--json"
    )
    assert said.json["fills"] == []
    assert "denied by leverage" in said.json["warnings"][0]


def test_a_set_of_fill_rules_is_chosen_by_its_name_and_takes_the_fee_as_its_commission(cli: Cli) -> None:
    words = ("backtest", *CROSS, "--data", "sample:BTCUSDT-1m", "--cash", "1e5", "--fee", "0.0005", "--json")
    plain, same = cli(*words).json, cli(*words, "--rules", "backtesting_py").json
    closed = cli(*words, "--rules", "backtesting_py:finalize_trades=true").json
    assert len(plain["trades"]) > 5
    for name in ("qty", "entry_time", "exit_time", "entry_price", "exit_price", "pnl"):
        assert [t[name] for t in same["trades"]] == [t[name] for t in plain["trades"]]
    assert same["stats"]["final_equity"] == pytest.approx(plain["stats"]["final_equity"])
    assert len(closed["fills"]) % 2 == 0


def test_values_are_read_as_yaml_reads_them(cli: Cli, bars: Path) -> None:
    said = cli("backtest", "--strategy", CROSS[1], "--set", "qty=0.25", "--data", bars)
    assert "qty=0.25" in said.out
    said = cli("backtest", "--strategy", CROSS[1], "--set", "fast=ten", "--data", bars)
    assert (said.code, "SmaCross.fast" in said.err) == (2, True)


def test_several_instruments_are_several_data(cli: Cli) -> None:
    data = ("--data", "sample:BTCUSDT-1m", "--data", "sample:ADAUSDT-PERP-1m")
    said = cli("backtest", *CROSS, *data, "--json")
    assert {fill["instrument"] for fill in said.json["fills"]} == {"BTCUSDT", "ADAUSDT-PERP"}


@pytest.mark.process
def test_a_strategy_of_ones_own_is_found_beside_one(bars: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from tradekit.strategy.library import SmaCross\n\nclass Mine(SmaCross):\n    pass\n",
        encoding="utf-8",
    )
    for name in ("mine:Mine", "mine.py:Mine"):
        done = subprocess.run(
            [
                SCRIPT,
                "backtest",
                "--strategy",
                name,
                "--data",
                str(bars),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.stdout.startswith("Mine("), done.stderr


def rows(change: Callable[[list[str]], object]) -> str:
    lines = GOOD.splitlines()
    change(lines)
    return "\n".join(lines) + "\n"


def put(line: int, column: int, value: str) -> str:
    def change(lines: list[str]) -> None:
        cells = lines[line].split(",")
        cells[column] = value
        lines[line] = ",".join(cells)

    return rows(change)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rows(lambda r: r.__setitem__(0, "ts,open,high,low,volume")), "no column close"),
        (rows(lambda r: r.__setitem__(0, "ts,open,high,low,price,volume")), "no column close"),
        (put(5, 4, "NaN"), "line 6"),
        (put(5, 4, ""), "line 6"),
        (put(5, 4, "n/a!"), "line 6"),
        (put(7, 2, "1"), "line 8"),
        (put(9, 3, "-4"), "line 10"),
        (rows(lambda r: r.insert(11, r[10])), "line 12"),
        (rows(lambda r: r.insert(20, r[5])), "line 21"),
        (put(5, 0, "yesterday"), "yesterday"),
        ("", "is empty"),
        ("ts,open,high,low,close\n", "no rows"),
        ("price\n1\n", "first column"),
    ],
    ids=[
        "missing column",
        "misnamed column",
        "NaN price",
        "empty price",
        "text for a price",
        "high below low",
        "negative price",
        "duplicate time",
        "time runs backward",
        "no time",
        "empty file",
        "only names",
        "no bars at all",
    ],
)
def test_bad_bars_are_refused_by_file_line_and_exit_code_2(
    cli: Cli, bars: Path, text: str, said: str
) -> None:
    bars.write_text(text, encoding="utf-8")
    answer = cli("backtest", *CROSS, "--data", bars, "--json")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("tradekit: error: ")
    assert str(bars) in answer.err
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--strategy", "tradekit.strategy.libary:SmaCross"), "no module 'tradekit.strategy.libary'"),
        (("--strategy", "tradekit.strategy.library:SmaCros"), "has no strategy 'SmaCros'; it has"),
        (("--strategy", "SmaCross"), "write module:Class"),
        (("--strategy", "none.py:SmaCross"), "none.py"),
        (("--strategy", CROSS[1], "--set", "fst=3"), "no parameter 'fst' (did you mean 'fast'?)"),
        (("--strategy", CROSS[1], "--set", "fast=1000"), "SmaCross.fast"),
        (("--strategy", CROSS[1], "--set", "fast"), "'fast' is no NAME=VALUE"),
        (("--strategy", CROSS[1], "--set", "fast=[1"), "'[1' is no value"),
        (("--strategy", CROSS[1], "--data", "sample:BTCUSD-1m"), "there is no sample 'BTCUSD-1m'"),
        (("--strategy", CROSS[1], "--data", "dy.csv"), "there is no file dy.csv"),
        (("--strategy", CROSS[1], "--cash", "lots"), "argument --cash: 'lots' is no number"),
        (("--strategy", CROSS[1], "--cash", "nan"), "argument --cash: 'nan' is not finite"),
        (("--strategy", CROSS[1], "--rules", "kind"), "no fill rules 'kind'; there are default, backtesting"),
        (("--strategy", CROSS[1], "--rules", "backtesting_py:margin=2"), "margin is 2"),
        (("--strategy", CROSS[1], "--rules", "backtesting_py", "--slippage", "0.1"), "knows no slippage"),
        (("--strategy", CROSS[1], "--leverage", "0"), "risk.leverage is 0: give a number above zero"),
        (("--strategy", CROSS[1], "--timeframe", "7x"), "timeframe '7x' is not understood"),
        ((), "the following arguments are required: --strategy"),
        (("--strategy", CROSS[1], "--fees", "1"), "unrecognized arguments: --fees 1"),
    ],
)
def test_a_bad_command_line_is_refused_with_exit_code_2(
    cli: Cli, bars: Path, words: tuple[str, ...], said: str
) -> None:
    data = () if "--data" in words else ("--data", bars)
    answer = cli("backtest", *words, *data)
    assert answer.code == 2
    assert answer.err.startswith("tradekit: error: ")
    assert said in answer.err


def test_what_a_strategy_prints_is_not_mixed_with_what_was_asked_for(
    cli: Cli, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chatty.py").write_text(
        "import tradekit as tk\n\nclass Chatty(tk.Strategy):\n    def on_bar(self, bar):\n        print('hello')\n",
        encoding="utf-8",
    )
    said = cli("backtest", "--strategy", "chatty.py:Chatty", "--data", bars, "--json")
    assert said.json["stats"]["bars"] == 60
    assert said.err == "hello\n" * 60


def test_an_error_says_on_which_line_of_the_strategy_it_came_up(
    cli: Cli, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.py").write_text(
        "import tradekit as tk\n\nclass Short(tk.Strategy):\n    def on_bar(self, bar):\n        self.buy(-1)\n",
        encoding="utf-8",
    )
    said = cli("backtest", "--strategy", "short.py:Short", "--data", bars)
    assert (said.code, said.out) == (2, "")
    assert said.err.rstrip().endswith("(Short.on_bar, line 5 of short.py)")
