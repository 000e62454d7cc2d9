"""`tradekit service` as its user meets it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sessions import Project, opened_project

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield from opened_project(tmp_path / "project")


def analyze(folder: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A systemd-analyze that says so of the file it is given, and notes its words."""
    program = folder / "systemd-analyze"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {folder}/words\nfor f; do :; done\n{said}\n', encoding="utf-8"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize("words", [(), ("--system", "--user", "root")])
def test_a_unit_is_printed_and_systemd_finds_no_fault_where_it_is_there(
    cli: Cli, project: Project, words: tuple[str, ...]
) -> None:
    said = cli("service", project.config, *words)
    assert (said.code, said.err) == (0, "")
    assert "[Service]\n" in said.out
    assert f"tradekit run {project.config}" in said.out
    assert ("WantedBy=multi-user.target" in said.out) is bool(words)


def test_what_systemd_finds_is_told_beside_the_unit(
    cli: Cli, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyze(tmp_path, monkeypatch, 'echo "$f:3: Unknown key" >&2; echo "other.service: odd" >&2')
    said = cli("service", project.config)
    assert said.code == 1
    assert "tradekit-paper.service:3: Unknown key" in said.err
    assert "other.service" not in said.err
    assert "[Service]" in said.out
    assert (tmp_path / "words").read_text(encoding="utf-8").startswith("verify --user")


def test_without_systemd_the_unit_is_printed_all_the_same(
    cli: Cli, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert cli("service", project.config).code == 0


def test_a_configuration_that_cannot_be_run_is_no_service(cli: Cli, project: Project) -> None:
    project.write(strategy={})
    said = cli("service", project.config)
    assert (said.code, said.out) == (2, "")
    assert "strategy.class: missing" in said.err


def test_a_user_is_for_the_systems_manager(cli: Cli, project: Project) -> None:
    said = cli("service", project.config, "--user", "trader")
    assert (said.code, said.out) == (2, "")
    assert "--user needs --system" in said.err
