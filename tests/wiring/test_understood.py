"""A live configuration wants a human's word once, and again when it has changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.errors import ConfigError
from tradekit.wiring.sessions import start
from tradekit.wiring.understood import check_understood, understood_file

LIVE = """\
session: {mode: live, account: main}
strategy: {class: a:B}
instruments: [{id: BTC-USDT}]
market_data: {source: ccxt}
broker: {name: ccxt}
risk: {max_position: 0.5}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEKIT_STATE_DIR", str(tmp_path / "state"))
    file = tmp_path / "desk.yaml"
    file.write_text(LIVE, encoding="utf-8")
    return file


@pytest.fixture
def config(file: Path) -> Config:
    return load_config(file)


def test_it_is_refused_with_what_it_would_do_and_what_to_type(config: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        check_understood(config, said=False)
    said = str(caught.value)
    assert "orders in BTC-USDT go to the account 'main' at binance (ccxt, spot)" in said
    assert "Its limits: max_position 0.5" in said
    assert f"tradekit run {config.file} --i-understand" in said
    assert f"tk.start({str(config.file)!r}, i_understand=True)" in said


def test_said_once_it_is_remembered(config: Config) -> None:
    check_understood(config, said=True)
    check_understood(config, said=False)
    assert understood_file().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change", [{"risk.max_position": 5}, {"instruments": [{"id": "ETH-USDT"}]}, {"session.account": "b"}]
)
def test_what_has_changed_is_asked_for_again(file: Path, config: Config, change: dict[str, object]) -> None:
    check_understood(config, said=True)
    with pytest.raises(ConfigError, match="--i-understand"):
        check_understood(load_config(file, overrides=change), said=False)


@pytest.mark.parametrize("mode", ["paper", "shadow"])
def test_what_sends_nothing_out_is_not_asked_for(file: Path, mode: str) -> None:
    check_understood(load_config(file, overrides={"session.mode": mode}), said=False)
    assert not understood_file().exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.chmod(0o644),
        lambda file: file.write_text("yes"),
        lambda file: file.write_text('{"all": 1}'),
    ],
    ids=["readable by others", "no JSON", "no list"],
)
def test_a_file_that_cannot_be_trusted_says_yes_to_nothing(
    config: Config, damage: Callable[[Path], object]
) -> None:
    check_understood(config, said=True)
    damage(understood_file())
    with pytest.raises(ConfigError, match="--i-understand"):
        check_understood(config, said=False)


def test_two_configurations_are_remembered_beside_each_other(file: Path, config: Config) -> None:
    other = load_config(file, overrides={"session.account": "second"})
    check_understood(config, said=True)
    check_understood(other, said=True)
    check_understood(config, said=False)
    check_understood(other, said=False)


def test_a_word_that_cannot_be_kept_is_not_taken(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEKIT_STATE_DIR", "/proc/nowhere")
    with pytest.raises(ConfigError, match=r"cannot be written .*, so your word would not be remembered"):
        check_understood(config, said=True)


def test_python_is_asked_too_before_any_process_is_started(file: Path) -> None:
    with pytest.raises(ConfigError, match="i_understand=True"):
        start(file)
    assert sorted(path.name for path in file.parent.iterdir()) == ["desk.yaml"]
