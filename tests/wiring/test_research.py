from pathlib import Path

import pytest

from tradekit.errors import ConfigError
from tradekit.wiring.configs import Configs
from tradekit.wiring.research import project_of


def test_the_project_is_the_folder_around_the_configurations(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "bars").mkdir()
    project = project_of(Configs(tmp_path / "config"), data=tmp_path / "bars")
    assert (project.offers.root, project.offers.folder) == (tmp_path, tmp_path / "bars")
    assert project.writer is not None


def test_without_configurations_it_is_the_working_directory_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = project_of(Configs())
    assert project.offers.root == tmp_path
    assert project.offers.folder is None
    assert project.writer is None


def test_a_data_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        project_of(Configs(tmp_path), data=tmp_path / "bars")
