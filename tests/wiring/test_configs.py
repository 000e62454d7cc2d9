from pathlib import Path

import pytest

from tradekit.errors import ConfigError
from tradekit.wiring import configs as module
from tradekit.wiring.configs import Configs

GOOD = """
session: {name: morning, mode: paper}
strategy: {class: "tradekit.strategy.library:SmaCross"}
market_data: {bars: ["sample:BTCUSDT-1m"]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's config folder with a good file, a broken one and one that is no configuration."""
    made = tmp_path / "config"
    made.mkdir()
    (made / "good.yaml").write_text(GOOD, encoding="utf-8")
    (made / "broken.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    (made / "notes.txt").write_text("nothing", encoding="utf-8")
    return made


def test_each_file_is_a_row_with_what_it_is_or_what_is_wrong_with_it(folder: Path) -> None:
    broken, good = Configs(folder).configs()
    assert good == {
        "file": "good.yaml", "name": "morning", "mode": "paper", "strategy": "SmaCross", "problem": "",
    }  # fmt: skip
    assert (broken["file"], broken["name"]) == ("broken.yaml", "broken")
    assert "nonsense" in broken["problem"]


def test_the_folder_is_looked_for_upward(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder.parent / "notebooks" / "old"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert [row["file"] for row in Configs().configs()] == ["broken.yaml", "good.yaml"]


def test_only_what_lies_in_the_folder_can_be_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []
    (folder.parent / "other.yaml").write_text(GOOD, encoding="utf-8")

    class Attached:
        def close(self) -> None:
            started.append(Path("detached"))

    def start(path: Path) -> Attached:
        started.append(path)
        return Attached()

    monkeypatch.setattr(module, "start", start)
    for file in ("../other.yaml", "notes.txt", "", str(folder / "good.yaml")):
        with pytest.raises(ConfigError, match="no configuration"):
            Configs(folder).start(file)
    assert started == []
    Configs(folder).start("good.yaml")
    assert started == [folder / "good.yaml", Path("detached")]


def test_a_session_in_the_register_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.registry, "entries", list)
    assert Configs(tmp_path).running() is False
    monkeypatch.setattr(module.registry, "entries", lambda: ["one"])
    assert Configs(tmp_path).running() is True


def test_a_new_configuration_is_written_once_and_never_over_another(folder: Path) -> None:
    configs = Configs(folder)
    configs.add("evening.yaml", GOOD.replace("morning", "evening"))
    assert [row["file"] for row in configs.configs()] == ["broken.yaml", "evening.yaml", "good.yaml"]
    configs.add("good.yaml", GOOD)  # the same text: it is there
    with pytest.raises(ConfigError, match="is there already and is left as it is"):
        configs.add("good.yaml", GOOD + "# other\n")
    assert (folder / "good.yaml").read_text(encoding="utf-8") == GOOD


@pytest.mark.parametrize("file", ["../x.yaml", "x.yml", "/etc/x.yaml", "a/b.yaml", "A.yaml", "x.yaml\n", ""])
def test_a_configuration_is_written_into_the_folder_and_nowhere_else(folder: Path, file: str) -> None:
    with pytest.raises(ConfigError, match="no name for a configuration"):
        Configs(folder).add(file, GOOD)
    assert len(list(folder.parent.rglob("*"))) == 4


def test_a_configuration_that_cannot_be_run_is_not_kept(folder: Path) -> None:
    with pytest.raises(ConfigError, match="nonsense"):
        Configs(folder).add("bad.yaml", GOOD + "nonsense: 1\n")
    with pytest.raises(ConfigError, match="live needs"):
        Configs(folder).add("bad.yaml", GOOD.replace("paper", "live"))
    assert not (folder / "bad.yaml").exists()


def test_where_there_is_no_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no folder config/"):
        Configs().add("x.yaml", GOOD)


def test_the_strategies_that_configurations_name_are_told_once(folder: Path) -> None:
    (folder / "again.yaml").write_text(GOOD.replace("morning", "again"), encoding="utf-8")
    assert Configs(folder).strategies() == ["tradekit.strategy.library:SmaCross"]
