"""What a session needs of a sound configuration, and timeframes that mean the same everywhere."""

from pathlib import Path

import pytest

from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError, DataError
from tradekit.model.instrument import duration

RUNNABLE = "strategy: {class: a:B}\nmarket_data: {bars: ['sample:BTCUSDT-1m']}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "desk.yaml"
    file.write_text(RUNNABLE, encoding="utf-8")
    return file


def test_strategy_and_bars_are_all_a_session_needs(file: Path) -> None:
    check_runnable(load_config(file))


LIVE = (
    "session: {mode: live}\nstrategy: {class: a:B}\ninstruments: [{id: BTC-USDT}]\n"
    "market_data: {source: ccxt}\nbroker: {name: ccxt}\n"
)


@pytest.mark.parametrize("mode", ["live", "shadow"])
def test_a_live_configuration_is_rehearsed_by_its_mode_alone(file: Path, mode: str) -> None:
    file.write_text(LIVE, encoding="utf-8")
    check_runnable(load_config(file, overrides={"session.mode": mode}))


def test_paper_may_trade_on_a_venues_live_bars(file: Path) -> None:
    file.write_text(LIVE, encoding="utf-8")
    check_runnable(load_config(file, overrides={"session.mode": "paper", "broker.name": "paper"}))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("event_bus.enabled", False, r"event_bus\.enabled: false is for backtests only"),
        ("state_store.enabled", False, r"state_store\.enabled: false is for backtests only"),
        ("strategy.class", None, r"strategy\.class: missing; write module:Class"),
        ("market_data.bars", [], r"market_data\.bars: missing; list samples or files"),
        ("market_data.source", "ccxt", r"instruments: missing; list what is traded at the venue"),
        ("broker.name", "ccxt", r"broker\.name: mode paper sends nothing to 'ccxt'"),
        ("session.mode", "shadow", r"market_data\.source: shadow needs a live feed"),
        ("session.mode", "live", r"broker\.name: live needs a broker that sends orders to a venue"),
    ],
)
def test_what_cannot_be_run_is_refused_by_what_is_missing(
    file: Path, key: str, value: object, said: str
) -> None:
    refused(file, {key: value}, said)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("market_data.source", "replay", r"market_data\.source: live needs the venue's own bars: write ccxt"),
        ("market_data.source", "alpaca", r"market_data\.source: 'alpaca' is not where orders go \('ccxt'\)"),
        (
            "market_data.source",
            "other",
            r"market_data\.source: no source is called 'other'; there are replay, tail, ",
        ),
        (
            "broker.name",
            "alpacca",
            r"broker\.name: no broker is called 'alpacca' \(did you mean 'alpaca'\?\); there are",
        ),
        (
            "broker.name",
            "binance",
            r"broker\.name: no broker is called 'binance'; there are paper, ccxt, alpaca, ib\. It is reached through "
            r"ccxt: write broker\.name: ccxt and broker\.venue: binance",
        ),
        (
            "market_data.source",
            "binance",
            r"market_data\.source: no source is called 'binance'.* write market_data\.source: ccxt and broker\.venue: ",
        ),
        (
            "market_data.bars",
            ["sample:BTCUSDT-1m"],
            r"market_data\.bars: recorded bars are for source replay",
        ),
        ("market_data.speed", 60, r"market_data\.speed: a live market has the speed that it has"),
        ("broker.drill", {}, r"broker\.drill: a drill is for recorded bars"),
        ("websocket.enabled", False, r"websocket\.enabled: live needs its bridge"),
        ("session.armed", True, r"session\.armed: true is for paper: .* tradekit arm desk"),
        ("event_bus.persist_events", False, r"event_bus\.persist_events: .* refused without one"),
    ],
)
def test_what_is_wrong_with_a_live_configuration_is_named(
    file: Path, key: str, value: object, said: str
) -> None:
    file.write_text(LIVE, encoding="utf-8")
    refused(file, {key: value}, said)


def test_a_rehearsal_takes_its_bars_from_where_its_orders_would_go(file: Path) -> None:
    file.write_text(LIVE, encoding="utf-8")
    keys = {"session.mode": "shadow", "broker.name": "alpaca"}
    refused(file, keys, r"broker\.name: 'alpaca' is not where the bars come from \('ccxt'\)")


def refused(file: Path, keys: dict[str, object], said: str) -> None:
    """That a session of this file with these keys is refused in such words, with the file's name."""
    with pytest.raises(ConfigError, match=said) as caught:
        check_runnable(load_config(file, overrides=keys))
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("taken", ["desk.session.log", "desk.token"])
def test_the_journal_may_not_be_the_sessions_log_or_token(file: Path, taken: str) -> None:
    with pytest.raises(ConfigError, match=r"event_bus\.event_log_file: .* name another file"):
        load_config(file, overrides={"event_bus.event_log_file": taken})


@pytest.mark.parametrize(
    "text", ["1m", "15m", "1h", "1D", "1W", "30s", "0m", "m", "1M", "1 m", "01m", "1.5h", ""]
)
def test_a_timeframe_parses_here_as_it_does_in_the_model(file: Path, text: str) -> None:
    try:
        duration(text)
        known = True
    except DataError:
        known = False
    try:
        load_config(file, overrides={"market_data.timeframes": [text]})
        taken = True
    except ConfigError:
        taken = False
    assert taken is known


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_every_name_of_this_machine_is_allowed(file: Path, host: str) -> None:
    assert load_config(file, overrides={"websocket.host": host}).websocket.host == host


@pytest.mark.parametrize(
    ("host", "uri"),
    [
        ("127.0.0.1", "ws://localhost:8765/ws"),
        ("localhost", "ws://127.0.0.1:8765/ws"),
        ("::1", "ws://[::1]:8765/ws"),
    ],
)
def test_an_address_that_means_the_same_agrees(file: Path, host: str, uri: str) -> None:
    config = load_config(file, overrides={"websocket.host": host, "websocket.uri": uri})
    assert config.websocket.uri == uri


def test_a_difference_of_cash_is_not_below_zero(file: Path) -> None:
    refused(file, {"reconciliation.cash": -1}, r"reconciliation\.cash: -1 is no difference; give 0 or more")


def test_a_rule_about_clients_needs_a_way_for_them_to_come(file: Path) -> None:
    rule = {"dead_man.clients": {"after_s": 60}}
    assert load_config(file, overrides=rule).dead_man.clients is not None
    with pytest.raises(ConfigError, match=r"dead_man\.clients: nobody can connect"):
        load_config(file, overrides={**rule, "websocket.enabled": False})
