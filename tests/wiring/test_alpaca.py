"""Alpaca as a configuration names it: secrets by their place, stocks, findings of the doctor."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.errors import ConfigError
from tradekit.testing.alpaca.venue import Venue
from tradekit.wiring.alpaca import alpaca_broker, alpaca_feed, alpaca_findings, alpaca_instruments
from tradekit.wiring.checkup import check_config
from tradekit.wiring.understood import check_understood

T = TypeVar("T")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "live.alpaca.yaml"


def written(folder: Path, market: str = "", **broker: Any) -> Path:
    """A configuration of the venue, with these keys under `broker`."""
    lines = [f"  {name}: {value}" for name, value in ({"name": "alpaca"} | broker).items()]
    file = folder / "desk.yaml"
    file.write_text(
        "session: {mode: live}\ninstruments: [{id: AAPL}]\n"
        f"market_data: {{source: alpaca{market}}}\nbroker:\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The places of a made-up key, with the key in the environment."""
    monkeypatch.setenv("DESK_KEY", "key-of-the-desk")
    monkeypatch.setenv("DESK_SECRET", "secret-of-the-desk")
    return {"key_from": "env:DESK_KEY", "secret_from": "env:DESK_SECRET"}


@pytest.fixture
def at_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyed: dict[str, str]
) -> Callable[[Callable[[Path], T]], T]:
    """Do something with a configuration of a local venue, while the venue is there."""

    def done(work: Callable[[Path], T]) -> T:
        async def whole() -> T:
            venue = Venue()
            await venue.open()
            monkeypatch.setenv("DESK_KEY", venue.key)
            monkeypatch.setenv("DESK_SECRET", venue.secret)
            try:
                looked: Awaitable[T] = asyncio.to_thread(work, written(tmp_path, url=venue.url, **keyed))
                return await looked
            finally:
                await venue.close()

        return asyncio.run(whole())

    return done


def test_the_shipped_configuration_can_be_run_on_paper_once_there_is_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ALPACA_KEY", raising=False)
    config = load_config(SHIPPED)
    check_runnable(config)
    assert (config.broker.name, config.broker.sandbox, config.session.armed) == ("alpaca", True, False)
    with pytest.raises(ConfigError, match=r"broker.key_from: the environment variable ALPACA_KEY is not set"):
        alpaca_broker(config, ["AAPL"], SystemClock())


def test_a_broker_and_a_feed_are_made_of_it(tmp_path: Path, keyed: dict[str, str]) -> None:
    config = load_config(written(tmp_path, ", tape: sip", sandbox="true", **keyed))
    broker = alpaca_broker(config, ["AAPL"], SystemClock())
    assert broker.name == "alpaca.paper"
    assert broker._access.trading == "https://paper-api.alpaca.markets"
    assert broker._access.account_stream == "wss://paper-api.alpaca.markets/stream"
    feed = alpaca_feed(config, [("AAPL", "1m")], SystemClock())
    assert feed.source == "alpaca sip: AAPL 1m"
    assert feed._access.market_stream == "wss://stream.data.alpaca.markets/v2/sip"
    assert feed._access.data == "https://data.alpaca.markets"


def test_live_is_another_exchange_than_paper(tmp_path: Path, keyed: dict[str, str]) -> None:
    broker = alpaca_broker(load_config(written(tmp_path, **keyed)), ["AAPL"], SystemClock())
    assert (broker.name, broker._access.trading) == ("alpaca", "https://api.alpaca.markets")
    assert broker._access.account_stream == "wss://api.alpaca.markets/stream"


def test_without_the_place_of_a_key_it_says_which_key_is_missing(tmp_path: Path) -> None:
    config = load_config(written(tmp_path))
    for made in (
        lambda: alpaca_broker(config, ["AAPL"], SystemClock()),
        lambda: alpaca_feed(config, [], SystemClock()),
    ):
        with pytest.raises(ConfigError, match=r"broker.key_from: missing; write where the key is"):
            made()


def test_the_doctor_looks_at_the_venue_of_a_configuration(
    at_venue: Callable[[Callable[[Path], Any]], Any],
) -> None:
    found = at_venue(check_config)
    said = [(one.subject, str(one.grade)) for one in found]
    assert {
        (subject, "well") for subject in ("key", "account", "venue", "market", "tape", "instruments")
    } <= set(said)


def test_the_stocks_of_a_configuration_come_with_the_venues_steps(
    at_venue: Callable[[Callable[[Path], Any]], Any],
) -> None:
    found = at_venue(lambda file: alpaca_instruments(load_config(file), SystemClock()))
    assert {name: (str(one.tick), str(one.lot)) for name, one in found.items()} == {"AAPL": ("0.01", "1")}


def test_the_doctor_says_that_instruments_are_missing(tmp_path: Path, keyed: dict[str, str]) -> None:
    file = written(tmp_path, **keyed)
    file.write_text(file.read_text(encoding="utf-8").replace("[{id: AAPL}]", "[]"), encoding="utf-8")
    with pytest.raises(ConfigError, match="instruments: missing"):
        alpaca_findings(load_config(file), SystemClock())


def test_the_question_before_it_goes_live_names_the_venue_and_no_other() -> None:
    config = load_config(SHIPPED)
    with pytest.raises(
        ConfigError, match=r"AAPL go to the account 'alpaca-paper' at Alpaca's paper exchange, and"
    ):
        check_understood(config, said=False)
