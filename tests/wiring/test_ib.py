"""Interactive Brokers as a configuration names it: contracts in words, and the findings of the doctor."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.errors import ConfigError
from tradekit.testing.ib.gateway import Gateway
from tradekit.wiring.checkup import check_config
from tradekit.wiring.ib import ib_broker, ib_feed, ib_findings, ib_instruments
from tradekit.wiring.one_account import one_session
from tradekit.wiring.understood import check_understood

T = TypeVar("T")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "live.ib.yaml"
SHARE = '{id: AAPL, contract: "STK AAPL SMART USD"}'


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("TRADEKIT_STATE_DIR", str(tmp_path / "state"))


def written(folder: Path, instruments: str = SHARE, **broker: Any) -> Path:
    """A configuration of a TWS, with these keys under `broker`."""
    lines = [f"  {name}: {value}" for name, value in ({"name": "ib"} | broker).items()]
    file = folder / "desk.yaml"
    file.write_text(
        f"session: {{mode: live}}\ninstruments: [{instruments}]\nmarket_data: {{source: ib}}\nbroker:\n"
        + "\n".join(lines) + "\n",
        encoding="utf-8",
    )  # fmt: skip
    return file


def at_gateway(folder: Path, work: Callable[[Path], T], *, others: str = "") -> T:
    """Do something with a configuration of a local TWS, while that is there."""

    async def whole() -> T:
        gateway = Gateway()
        gateway.others = others
        await gateway.open()
        try:
            return await asyncio.to_thread(work, written(folder, port=gateway.port, client_id=4))
        finally:
            await gateway.close()

    return asyncio.run(whole())


def test_the_shipped_configuration_can_be_run() -> None:
    config = load_config(SHIPPED)
    check_runnable(config)
    assert (config.broker.name, config.broker.port, config.session.armed) == ("ib", 7497, False)
    assert ib_broker(config, ["AAPL"], SystemClock()).name == "ib"


def test_a_broker_and_a_feed_are_made_of_it_under_client_ids_of_their_own(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, client_id=7, port=4002, account="DU1"))
    broker = ib_broker(config, ["AAPL"], SystemClock())
    feed = ib_feed(config, [("AAPL", "1m")], SystemClock())
    assert (broker._access.client_id, feed._access.client_id) == (7, 8)
    assert (broker._access.port, broker._access.account) == (4002, "DU1")
    assert feed.source == "Interactive Brokers: AAPL 1m"


WRONG = [
    (
        "{id: AAPL}",
        r'instruments\[0\].contract: missing; say which one AAPL is, for example "STK AAPL SMART USD"',
    ),
    (f"{SHARE}, {{id: X, contract: X}}", r"instruments\[1\].contract: contract 'X' is not understood"),
    ("", "instruments: missing"),
]


@pytest.mark.parametrize(("instruments", "words"), WRONG)
def test_a_contract_is_never_guessed(tmp_path: Path, instruments: str, words: str) -> None:
    config = load_config(written(tmp_path, instruments))
    for make in (
        lambda: ib_broker(config, ["AAPL"], SystemClock()),
        lambda: ib_findings(config, SystemClock()),
    ):
        with pytest.raises(ConfigError, match=words):
            make()


def test_a_human_is_asked_about_the_account_that_orders_would_go_to(tmp_path: Path) -> None:
    words = r"go to the account 'paper' at Interactive Brokers, through the TWS at 127.0.0.1:7496, account U7, and"
    with pytest.raises(ConfigError, match=words):
        check_understood(load_config(written(tmp_path, port=7496, account="U7")), said=False)


@pytest.mark.parametrize(
    "reached", [{}, {"broker.account": "DU123456"}, {"broker.host": "localhost"}, {"broker.venue": "kraken"}]
)
def test_an_account_is_one_however_it_is_reached(tmp_path: Path, reached: dict[str, str]) -> None:
    other = {"session.name": "other", "session.account": "another-name", "broker.client_id": 20} | reached

    def work(file: Path) -> None:
        with (
            one_session(load_config(file), SystemClock()),
            pytest.raises(
                ConfigError, match="another live session trades on the account 'another-name' of ib"
            ),
            one_session(load_config(file, overrides=other), SystemClock()),
        ):
            pass

    at_gateway(tmp_path, work)


def test_two_accounts_of_one_tws_have_a_session_each(tmp_path: Path) -> None:
    def work(file: Path) -> None:
        one, other = (
            {"broker.account": name, "broker.client_id": number}
            for name, number in (("DU123456", 4), ("DU7", 20))
        )
        with (
            one_session(load_config(file, overrides=one), SystemClock()),
            one_session(load_config(file, overrides=other), SystemClock()),
        ):
            pass

    at_gateway(tmp_path, work, others="DU7")


def test_a_timeframe_that_is_not_taken_is_said_with_its_key(tmp_path: Path) -> None:
    config = load_config(written(tmp_path))
    with pytest.raises(ConfigError, match=r"market_data.timeframes: timeframe 1D is not taken"):
        ib_feed(config, [("AAPL", "1D")], SystemClock())


def test_its_instruments_have_the_steps_of_interactive_brokers(tmp_path: Path) -> None:
    made = at_gateway(tmp_path, lambda file: ib_instruments(load_config(file), SystemClock()))
    assert {name: (one.tick, one.lot) for name, one in made.items()} == {
        "AAPL": (Decimal("0.01"), Decimal(1))
    }


def test_the_doctor_looks_at_tws(tmp_path: Path) -> None:
    found = at_gateway(tmp_path, check_config)
    said = {(one.subject, str(one.grade)) for one in found}
    assert {("venue", "well"), ("account", "well"), ("rights", "well"), ("instruments", "well")} <= said
    assert ("market data", "note") in said  # no bar in five days
