"""Configurations as users write them: the mission's block, shipped files, slips that are refused."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from tradekit.config.load import load_config, project_root
from tradekit.errors import ConfigError

MISSION = """\
event_bus:   {enabled: true, persist_events: true, event_log_file: "logs/events.log", max_history: 1000}
state_store: {enabled: true, snapshot_dir: "data/state", snapshot_interval_minutes: 5, max_snapshots: 100, restore_on_startup: true, replay_events_on_restore: true}
websocket:   {enabled: true, host: "127.0.0.1", port: 8765, uri: "ws://127.0.0.1:8765/ws", reconnect_interval: 5, ping_interval: 30}
"""  # noqa: E501 - verbatim


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder / "desk.yaml"


def refused(file: Path, text: str) -> str:
    """What is said about a configuration that must not load."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    return str(caught.value).replace(str(file), "FILE")


def test_the_missions_own_block_loads_verbatim_and_every_key_arrives(file: Path) -> None:
    file.write_text(MISSION, encoding="utf-8")
    config = load_config(file)
    bus, store, websocket = config.event_bus, config.state_store, config.websocket
    assert (bus.enabled, bus.persist_events, bus.event_log_file, bus.max_history) == (
        True,
        True,
        "logs/events.log",
        1000,
    )
    assert (store.enabled, store.snapshot_dir, store.snapshot_interval_minutes) == (True, "data/state", 5)
    assert (store.max_snapshots, store.restore_on_startup, store.replay_events_on_restore) == (
        100,
        True,
        True,
    )
    assert (websocket.enabled, websocket.host, websocket.port) == (True, "127.0.0.1", 8765)
    assert websocket.uri == "ws://127.0.0.1:8765/ws"
    assert (websocket.reconnect_interval, websocket.ping_interval) == (5, 30)


def test_every_key_of_the_missions_block_makes_a_difference(file: Path) -> None:
    file.write_text(MISSION, encoding="utf-8")
    usual = load_config(file).digest
    other = {
        "event_bus": {"enabled": False, "persist_events": False, "event_log_file": "x", "max_history": 9},
        "state_store": {
            "enabled": False,
            "snapshot_dir": "x",
            "snapshot_interval_minutes": 0.5,
            "max_snapshots": 2,
            "restore_on_startup": False,
            "replay_events_on_restore": False,
        },
        "websocket": {"enabled": False, "reconnect_interval": 1, "ping_interval": 1},
    }
    paths = [(f"{section}.{key}", value) for section, keys in other.items() for key, value in keys.items()]
    digests = {load_config(file, overrides={path: value}).digest for path, value in paths}
    assert len(digests | {usual}) == len(paths) + 1


@pytest.mark.parametrize("name", ["paper", "breakout"])
def test_a_shipped_configuration_loads_and_can_run(name: str) -> None:
    from tradekit.config.check import check_runnable

    root = Path(__file__).parents[2]
    config = load_config(root / "config" / f"{name}.yaml")
    check_runnable(config)
    assert config.root == root
    assert config.session.name == name


def test_the_shipped_paper_configuration_explains_every_key_it_sets() -> None:
    text = (Path(__file__).parents[2] / "config" / "paper.yaml").read_text(encoding="utf-8")
    assert text.count("#") > 25


def test_relative_paths_start_at_the_project_and_never_at_the_working_directory(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("market_data: {bars: ['sample:BTCUSDT-1m', bars/day.csv]}", encoding="utf-8")
    monkeypatch.chdir(file.parent)
    config = load_config("desk.yaml")
    assert config.root == tmp_path
    assert config.journal == tmp_path / "logs" / "events.log"
    assert config.snapshots == tmp_path / "data" / "state"
    assert config.bars == ["sample:BTCUSDT-1m", str(tmp_path / "bars" / "day.csv")]
    assert config.file == file


def test_outside_a_folder_config_paths_start_beside_the_file(tmp_path: Path) -> None:
    assert project_root(tmp_path / "desk.yaml") == tmp_path
    assert project_root(tmp_path / "config" / "desk.yaml") == tmp_path


def test_absolute_paths_and_the_users_home_are_kept(file: Path, tmp_path: Path) -> None:
    file.write_text(
        f"event_bus: {{event_log_file: {tmp_path}/x.log}}\nstate_store: {{snapshot_dir: ~/snaps}}"
    )
    config = load_config(file)
    assert config.journal == tmp_path / "x.log"
    assert config.snapshots == Path("~/snaps").expanduser()


def test_token_and_log_lie_beside_the_journal_unless_told_otherwise(file: Path, tmp_path: Path) -> None:
    file.write_text(MISSION, encoding="utf-8")
    assert load_config(file).token_file == tmp_path / "logs" / "desk.token"
    assert load_config(file).log_file == tmp_path / "logs" / "desk.session.log"
    memory = load_config(file, overrides={"event_bus.persist_events": False})
    assert (memory.journal, memory.folder) == (None, tmp_path / "data" / "sessions")
    assert load_config(file, overrides={"session.folder": "run"}).folder == tmp_path / "run"


def test_the_name_is_the_files_stem_in_plain_letters(file: Path) -> None:
    other = file.with_name("My_Desk v2.yaml")
    other.write_text("", encoding="utf-8")
    assert load_config(other).session.name == "my-desk-v2"


def test_a_stem_without_letters_asks_for_a_name(file: Path) -> None:
    other = file.with_name("___.yaml")
    other.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"set session\.name"):
        load_config(other)


@pytest.mark.parametrize(("mode", "armed"), [("paper", True), ("shadow", True), ("live", False)])
def test_what_sends_orders_out_is_not_armed_by_default(file: Path, mode: str, armed: bool) -> None:
    file.write_text(f"session: {{mode: {mode}}}", encoding="utf-8")
    assert load_config(file).session.armed is armed


def test_money_is_exact(file: Path) -> None:
    file.write_text("session: {cash: 0.1}\nbroker: {fee: '0.0005'}", encoding="utf-8")
    config = load_config(file)
    assert config.session.cash == Decimal("0.1")
    assert config.broker.fee == Decimal("0.0005")


def test_equal_settings_give_equal_digests_wherever_they_are_written(file: Path, tmp_path: Path) -> None:
    file.write_text("session: {cash: 5, name: a}\nrisk: {leverage: 2}", encoding="utf-8")
    elsewhere = tmp_path / "a.yaml"
    elsewhere.write_text(
        "# the same\nrisk:\n  leverage: 2\nsession:\n  name: a\n  cash: 5\n", encoding="utf-8"
    )
    assert load_config(file).digest == load_config(elsewhere).digest
    assert load_config(file, overrides={"session.cash": 6}).digest != load_config(file).digest


def test_overrides_are_checked_like_the_file(file: Path) -> None:
    file.write_text("market_data: {speed: 60}", encoding="utf-8")
    changed = load_config(file, overrides={"market_data.speed": "max", "strategy.params": {"fast": 3}})
    assert changed.market_data.speed == "max"
    assert changed.strategy.params == {"fast": 3}
    with pytest.raises(ConfigError, match=r"as overridden: market_data\.speed: 'quick' is not understood"):
        load_config(file, overrides={"market_data.speed": "quick"})
    with pytest.raises(ConfigError, match=r"unknown key 'market_data\.sped'; did you mean 'speed'"):
        load_config(file, overrides={"market_data.sped": 1})


def test_a_configuration_survives_its_own_json(file: Path) -> None:
    """What the session journals or shows of it is plain values."""
    import msgspec

    file.write_text(MISSION, encoding="utf-8")
    assert json.loads(msgspec.json.encode(load_config(file), enc_hook=str))["session"]["name"] == "desk"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sesion: {}", "FILE, line 1: unknown key 'sesion'; did you mean 'session'?"),
        ("session:\n  nam: x", "FILE, line 2: unknown key 'session.nam'; did you mean 'name'?"),
        (
            "broker: {leverage_max: 1}",
            "unknown key 'broker.leverage_max'; known here: name, fee, slippage, rules",
        ),
        ("strategy: {class-path: a:B}", "unknown key 'strategy.class-path'; did you mean 'class'?"),
        ("instruments: [{id: A, tik: 1}]", "unknown key 'instruments[0].tik'; did you mean 'tick'?"),
        (
            "dead_man:\n  feed:\n    after: 150",
            "FILE, line 3: unknown key 'dead_man.feed.after'; did you mean 'after_s'?",
        ),
        ("1: 2", "unknown key '1'"),
        ("session: {cash: lots}", "session.cash: expected a number"),
        (
            "session:\n  armed: maybe",
            "FILE, line 2: session.armed: expected true or false or nothing, got text",
        ),
        ("websocket: {port: '8765'}", "websocket.port: expected a whole number, got text"),
        ("websocket: {port: 70000}", "websocket.port: expected a whole number of at most 65535"),
        ("websocket: {reconnect_interval: 0}", "websocket.reconnect_interval: expected a number above 0"),
        (
            "state_store: {max_snapshots: 0}",
            "state_store.max_snapshots: expected a whole number of at least 1",
        ),
        ("session: {mode: lve}", "session.mode: 'lve' is not one of paper, shadow, live"),
        (
            "dead_man: {feed: {after_s: 9, then: close}}",
            "dead_man.feed.then: 'close' is not one of reduce_only, cancel, flatten",
        ),
        ("session: {name: My Desk}", "session.name: write lower-case letters, digits and hyphens"),
        ("market_data: {bars: day.csv}", "market_data.bars: expected a list, got text"),
        ("market_data: {bars: [1]}", "market_data.bars[0]: expected text, got a whole number"),
        ("strategy: SmaCross", "strategy: expected a mapping of keys to values, got text"),
        ("strategy: {params: {1: 2}}", "strategy.params: keys are text; put this one in quotes"),
        ("risk: {leverage: [1]}", "risk.leverage: expected a number"),
        ("risk: {leverage: true}", "risk.leverage: expected a number"),
        ("risk: {leverage: .inf}", "risk.leverage is inf; give a finite number"),
        ("session: {cash: 0}", "session.cash: 0 is no opening balance"),
        ("session: {cash: 'NaN'}", "session.cash: NaN is no opening balance"),
        ("session: {currency: dollars}", "session.currency: 'dollars' is no currency"),
        ("broker: {fee: 5}", "broker.fee: 5 is no fraction; write 0.001 for 0.1 %"),
        ("broker: {slippage: -0.1}", "broker.slippage: -0.1 is no fraction"),
        ("instruments: [{id: A B}]", "instruments[0].id: 'A B' is no instrument's name"),
        ("instruments: [{id: A}, {id: A}]", "instruments[1].id: A is listed twice"),
        ("instruments: [{id: A, tick: 0}]", "instruments[0].tick: 0 is no step"),
        ("instruments: [{id: A, quote: usd}]", "instruments[0].quote: 'usd' is no currency"),
        ("market_data: {speed: fast}", "market_data.speed: 'fast' is not understood; give a number"),
        ("market_data: {speed: 0}", "market_data.speed: 0 would stand still"),
        ("market_data: {speed: -1}", "market_data.speed: -1 would stand still"),
        ("market_data: {timeframes: [1m, 1x]}", "market_data.timeframes[1]: '1x' is not understood"),
        ("websocket: {host: 0.0.0.0}", "websocket.host: '0.0.0.0' is reachable from other machines"),
        ("websocket: {host: desk.local}", "websocket.host: 'desk.local' is reachable from other machines"),
        ("dashboard: {host: '::'}", "dashboard.host: '::' is reachable from other machines"),
        ("websocket: {uri: 'ws://127.0.0.1:9/ws'}", "disagrees with host and port, 127.0.0.1:8765"),
        ("websocket: {uri: 'ws://[::1]:8765/ws'}", "disagrees with host and port"),
        ("websocket: {uri: 'wss://127.0.0.1:8765/ws'}", "should read ws://127.0.0.1:8765/ws"),
        ("websocket: {uri: 'ws://127.0.0.1:8765/ws?token=x'}", "should read ws://127.0.0.1:8765/ws"),
        ("websocket: {uri: 'ws://127.0.0.1:port/ws'}", "is no address"),
        (
            "session: {mode: live}\nevent_bus: {persist_events: false}",
            "FILE, line 2: event_bus.persist_events: false keeps no journal on disk",
        ),
        ("session: {cash: 1}\nsession: {}", "FILE, line 2: session is given twice, first in line 1"),
        ("session:\n  cash: 1\n  cash: 2", "FILE, line 3: session.cash is given twice, first in line 2"),
        ("- session", "FILE: a configuration is a mapping of sections"),
        ("session: {", "FILE, line 1, column 11: this is not YAML"),
        ("x: !!python/object/apply:os.system [id]", "a tag (!...) is not allowed here"),
        ("? [a, b]\n: c", "FILE, line 1: a key is a plain word"),
        ("x: &a [*a]", "FILE: too many or too deeply nested"),
        ("[" * 1000, "FILE: too deeply nested"),
        ("x: 2022-99-99", "FILE: this cannot be read as YAML"),
    ],
)
def test_a_slip_is_refused_by_place_and_remedy(file: Path, text: str, said: str) -> None:
    assert said in refused(file, text)


def test_every_unknown_key_and_every_contradiction_is_told_at_once(file: Path) -> None:
    assert len(refused(file, "a: 1\nsession: {b: 1}").splitlines()) == 2
    assert len(refused(file, "broker: {fee: 5, slippage: 5}").splitlines()) == 2


@pytest.mark.parametrize(
    "text",
    [
        "broker: {api_key: hunter2}",
        "strategy: {params: {exchange: {apiKey: hunter2}}}",
        "websocket: {token: hunter2}",
        "strategy: {params: {feeds: [{password: hunter2}]}}",
        "strategy: {params: {client_secret: hunter2}}",
        "broker: {private-key: hunter2}",
        "password: hunter2",
    ],
)
def test_a_secret_is_refused_with_advice_and_not_repeated(file: Path, text: str) -> None:
    said = refused(file, text)
    assert "looks like a secret" in said
    assert "environment variable" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("text", ["password: {hunter2", "password: 'hunter2", "session: {cash: hunter2}"])
def test_no_message_repeats_a_value_that_might_be_a_secret(file: Path, text: str) -> None:
    assert "hunter2" not in refused(file, text)


def test_a_path_to_a_secret_and_a_word_like_one_are_welcome(file: Path) -> None:
    file.write_text("strategy: {params: {tokens: 3, secret_file: x, key: 1}}", encoding="utf-8")
    assert load_config(file).strategy.params == {"tokens": 3, "secret_file": "x", "key": 1}


def test_many_aliases_do_not_blow_up(file: Path) -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "too many or too deeply nested" in refused(file, "\n".join(rows))


def test_anchors_and_merges_work_as_in_any_yaml(file: Path) -> None:
    text = "strategy:\n  params: &p {fast: 1}\nrisk:\n  <<: {leverage: 2}\n  max_position: 1\n"
    file.write_text(text, encoding="utf-8")
    assert load_config(file).risk == {"leverage": 2, "max_position": 1}


def test_a_missing_file_names_those_that_are_there(file: Path) -> None:
    file.write_text("", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"there is no configuration .*paper\.yaml; that folder has desk\.yaml"
    ):
        load_config(file.with_name("paper.yaml"))
    with pytest.raises(ConfigError, match="give the path of a YAML file"):
        load_config(file.parent / "none" / "paper.yaml")


def test_a_folder_and_a_huge_file_and_bytes_are_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(file.parent)
    file.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match="is larger than 1 MiB"):
        load_config(file)
    file.write_bytes(b"session: \xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_config(file)


@pytest.mark.parametrize("text", ["", "# nothing\n", "session:\nrisk:\n", "\ufeffsession: {}"])
def test_an_empty_configuration_is_all_defaults(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    assert load_config(file).session.cash == 100_000


def test_the_environment_says_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(MISSION, encoding="utf-8")
    before = load_config(file)
    for name in [*os.environ, "TRADEKIT_PORT"]:
        if name not in {"HOME", "PATH"}:
            monkeypatch.setenv(name, "1")
    assert load_config(file) == before
