"""A venue as a configuration names it: secrets by their place, findings of the doctor, and no key in the file."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.errors import ConfigError
from tradekit.health.finding import Finding
from tradekit.testing.binance.venue import Venue
from tradekit.wiring.ccxt import ccxt_broker, ccxt_feed, ccxt_findings
from tradekit.wiring.checkup import check_config

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "live.ccxt.yaml"


def written(folder: Path, **broker: Any) -> Path:
    """A configuration of a venue, with these keys under `broker`."""
    lines = [f"  {name}: {value}" for name, value in ({"name": "ccxt"} | broker).items()]
    text = "session: {mode: live}\ninstruments: [{id: BTC-USDT}]\nbroker:\n" + "\n".join(lines) + "\n"
    file = folder / "desk.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The places of a made-up key, with the key in the environment."""
    monkeypatch.setenv("DESK_KEY", "key-of-the-desk")
    monkeypatch.setenv("DESK_SECRET", "secret-of-the-desk")
    return {"key_from": "env:DESK_KEY", "secret_from": "env:DESK_SECRET"}


def test_the_shipped_configuration_loads_and_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BINANCE_KEY", raising=False)
    config = load_config(SHIPPED)
    assert (config.broker.name, config.broker.venue, config.session.armed) == ("ccxt", "binance", False)
    with pytest.raises(
        ConfigError, match=r"broker.key_from: the environment variable BINANCE_KEY is not set"
    ):
        ccxt_broker(config, ["BTC-USDT"], SystemClock())


def test_a_broker_and_a_feed_are_made_of_it(tmp_path: Path, keyed: dict[str, str]) -> None:
    config = load_config(written(tmp_path, market="linear", **keyed))
    broker = ccxt_broker(config, ["BTC-USDT"], SystemClock())
    assert (broker.name, broker.abilities.replaces) == ("ccxt.binance.linear", True)
    assert ccxt_feed(config, [("BTC-USDT", "1m")], SystemClock()).source == "binance linear: BTC-USDT 1m"


def test_without_the_place_of_a_key_it_says_which_key_is_missing(tmp_path: Path) -> None:
    config = load_config(written(tmp_path))
    with pytest.raises(ConfigError, match=r"broker.key_from: missing; write where the key is"):
        ccxt_broker(config, ["BTC-USDT"], SystemClock())


def test_the_doctor_looks_at_the_venue_of_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyed: dict[str, str]
) -> None:
    async def looked() -> list[Finding]:
        venue = Venue("spot")
        venue.withdraws = True
        await venue.open()
        monkeypatch.setenv("DESK_KEY", venue.key)
        monkeypatch.setenv("DESK_SECRET", venue.secret)
        try:
            file = written(tmp_path, url=venue.url, **keyed)
            return await asyncio.to_thread(check_config, file)
        finally:
            await venue.close()

    found = asyncio.run(looked())
    said = [(one.subject, one.grade) for one in found]
    assert {("venue", "well"), ("instruments", "well"), ("key", "well"), ("key", "note")} <= set(said)
    assert any("it may withdraw" in one.said for one in found)


def test_the_doctor_says_which_instruments_are_missing(tmp_path: Path, keyed: dict[str, str]) -> None:
    file = written(tmp_path, **keyed)
    file.write_text(file.read_text(encoding="utf-8").replace("[{id: BTC-USDT}]", "[]"), encoding="utf-8")
    with pytest.raises(ConfigError, match="instruments: missing"):
        ccxt_findings(load_config(file), SystemClock())
