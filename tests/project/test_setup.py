"""The one command: what `make test` runs, and what set-up says when something is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def bare(root: Path, tmp_path: Path) -> Run:
    """Run tools/setup.sh on a machine with bash, one Python (the script `python`) and no rights."""
    (tmp_path / "tools").mkdir()
    shutil.copy(root / "tools" / "setup.sh", tmp_path / "tools")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    _program(programs / "id", "echo 1000")

    def run(*arguments: str, python: str, **variables: str) -> subprocess.CompletedProcess[str]:
        _program(programs / "python3", python)
        return subprocess.run(
            [tmp_path / "tools" / "setup.sh", *arguments],
            env={"PATH": str(programs), **variables},
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


WITHOUT_VENV = f'case "$2" in *ensurepip*) exit 1 ;; esac; exec {sys.executable} "$@"'


def test_a_missing_venv_module_is_answered_with_the_line_to_run(bare: Run) -> None:
    done = bare("run", python=WITHOUT_VENV)
    assert done.returncode == 1
    assert f"sudo apt-get install -y --no-install-recommends python{VERSION}-venv\n" in done.stderr


def test_the_tests_need_chromium_too_and_one_line_brings_both(bare: Run) -> None:
    done = bare("dev", python=WITHOUT_VENV)
    assert done.returncode == 1
    assert f"python{VERSION}-venv chromium\n" in done.stderr


@pytest.mark.parametrize("kind", ["run", "lab"])
def test_a_trader_needs_no_chromium(bare: Run, kind: str) -> None:
    done = bare(kind, python=WITHOUT_VENV)
    assert done.returncode == 1
    assert "chromium" not in done.stderr


def test_the_notebooks_come_with_what_they_read_journals_with(bare: Run, tmp_path: Path) -> None:
    installs = f'if [ "$2" = pip ]; then echo "$@" >> {tmp_path}/called; exit 0; fi'
    made = 'mkdir -p .venv/bin; ln -s "$(command -v python3)" .venv/bin/python; exit 0'
    ready = f'case "$*" in "-m venv"*) {made} ;; esac'
    (tmp_path / "bin" / "mkdir").symlink_to(shutil.which("mkdir") or "mkdir")
    (tmp_path / "bin" / "ln").symlink_to(shutil.which("ln") or "ln")
    done = bare("lab", python=f'{installs}; {ready}; exec {sys.executable} "$@"')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "called").read_text(encoding="utf-8").endswith("-e .[data]\n")


def test_root_installs_what_is_missing(bare: Run, tmp_path: Path) -> None:
    _program(tmp_path / "bin" / "id", "echo 0")
    _program(tmp_path / "bin" / "apt-get", f'echo "$@" >> {tmp_path}/called')
    done = bare("dev", python=f'case "$*" in "-m venv"*) exit 3 ;; esac; {WITHOUT_VENV}')
    assert done.returncode == 3, done.stderr  # went on to create the environment
    update, install = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
    assert update.startswith("update")
    assert install.startswith("install -y ")
    assert install.endswith(f" python{VERSION}-venv chromium strace iproute2")


def test_an_old_python_is_refused_by_name(bare: Run) -> None:
    done = bare("run", python="exit 1")
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr


def test_a_chosen_python_that_is_missing_is_refused_by_name(bare: Run) -> None:
    done = bare("run", python=f'exec {sys.executable} "$@"', PYTHON="python9")
    assert done.returncode == 1
    assert "PYTHON=python9 is missing" in done.stderr


def test_an_unknown_kind_is_a_usage_error(bare: Run) -> None:
    assert bare("everything", python="exit 1").returncode == 2


def test_make_test_runs_every_check(root: Path) -> None:
    plan = _make(root, "-n", "test")
    for part in ("ruff check", "ruff format --check", "mypy", "lint-imports", "-m pytest"):
        assert part in plan
    for mark in ("not proof and not browser and not notebook", '"proof and ', '"browser or notebook"'):
        assert mark in plan


def test_make_help_lists_the_commands(root: Path) -> None:
    listed = {line.split()[1] for line in _make(root, "help").splitlines()}
    assert {"demo", "test", "prove", "bench", "lab", "lint"} <= listed


def test_continuous_integration_calls_make_test_and_nothing_else(root: Path) -> None:
    script = root / ".ci" / "run"
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert os.access(script, os.X_OK)
    assert commands[-1] == "exec make test"
    assert all(line.startswith(("set ", "cd ")) for line in commands[:-1])


def _make(root: Path, *arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout
