"""The unit that runs a session: its lines, and that a path or a name cannot break out of them."""

from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project
from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.wiring.unit import unit_name, unit_text


def parsed(text: str) -> dict[str, dict[str, list[str]]]:
    """The sections, each key with its values in order."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            section.setdefault(key, []).append(value)
    return found


def config_of(project: Project, **sections: Any) -> Config:
    project.write(**sections)
    return load_config(project.config)


def test_a_crash_is_restarted_with_a_limit_and_a_refused_start_is_not(project: Project) -> None:
    unit = parsed(unit_text(load_config(project.config)))
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == (["on-failure"], ["2"])
    assert (unit["Unit"]["StartLimitBurst"], unit["Unit"]["StartLimitIntervalSec"]) == (["5"], ["1800"])
    assert int(service["RestartSec"][0]) * 5 < 1800  # or the limit is never met
    assert int(service["TimeoutStopSec"][0]) >= 60
    assert (service["Type"], service["WatchdogSignal"]) == (["notify"], ["SIGKILL"])


def test_it_runs_this_configuration_with_that_interpreter_from_the_projects_folder(project: Project) -> None:
    service = parsed(unit_text(load_config(project.config), python="/srv/venv/bin/python"))["Service"]
    assert service["ExecStart"] == [f"/srv/venv/bin/python -m tradekit run {project.config}"]
    assert service["WorkingDirectory"] == [str(project.root)]


def test_a_path_with_anything_in_it_stays_one_word(tmp_path: Path) -> None:
    project = Project(tmp_path / 'my "own" $HOME 100%')
    service = parsed(unit_text(load_config(project.config), python="/bin/py"))["Service"]
    (line,) = service["ExecStart"]
    quoted = str(project.config).replace('"', '\\"').replace("$", "$$").replace("%", "%%")
    assert line == f'/bin/py -m tradekit run "{quoted}"'
    assert service["WorkingDirectory"] == [str(project.root).replace("%", "%%")]


def test_secrets_come_from_outside_and_none_stands_in_it(project: Project) -> None:
    config = config_of(
        project,
        alerts={"targets": ["env:TRADEKIT_ALERTS", "credential:mail"]},
        broker={"key_from": "env:VENUE_KEY", "secret_from": "credential:venue-secret"},
    )
    text = unit_text(config)
    service = parsed(text)["Service"]
    assert service["EnvironmentFile"] == ["%h/.config/tradekit/paper.env"]
    assert service["LoadCredential"] == [
        "mail:%h/.config/tradekit/credentials/mail", "venue-secret:%h/.config/tradekit/credentials/venue-secret",
    ]  # fmt: skip
    assert "# Has TRADEKIT_ALERTS, VENUE_KEY, a line NAME=value each" in text
    assert parsed(unit_text(config, system=True))["Service"]["EnvironmentFile"] == ["/etc/tradekit/paper.env"]


def test_without_such_secrets_no_file_is_asked_for(project: Project) -> None:
    service = parsed(unit_text(load_config(project.config)))["Service"]
    assert not {"EnvironmentFile", "LoadCredential"} & set(service)


def test_the_systems_unit_writes_where_the_session_does_and_nowhere_else(project: Project) -> None:
    config = config_of(project, monitoring={"daily_report": "reports"})
    unit = parsed(unit_text(config, system=True, user="trader"))
    service = unit["Service"]
    assert (service["User"], service["ProtectSystem"]) == (["trader"], ["strict"])
    assert service["ReadWritePaths"] == [
        " ".join(str(project.root / name) for name in ("data/state", "logs", "reports"))
    ]
    assert unit["Install"]["WantedBy"] == ["multi-user.target"]


def test_the_users_unit_asks_for_nothing_that_only_the_systems_manager_may(project: Project) -> None:
    unit = parsed(unit_text(load_config(project.config)))
    assert not {"User", "ProtectSystem", "ReadWritePaths", "OOMScoreAdjust"} & set(unit["Service"])
    assert unit["Install"]["WantedBy"] == ["default.target"]
    assert unit["Service"]["NoNewPrivileges"] == ["yes"]


@pytest.mark.parametrize("system", [True, False])
def test_no_key_stands_twice_but_those_that_may(project: Project, system: bool) -> None:
    for section in parsed(unit_text(load_config(project.config), system=system)).values():
        assert {key for key, values in section.items() if len(values) > 1} <= {
            "Environment",
            "LoadCredential",
        }
    assert unit_name(load_config(project.config)) == "tradekit-paper.service"
