"""The README, done as it says: its Python from top to bottom, its commands one after the other."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOUND_S = 300  # a session, a dashboard and the rest start one after the other: 30 s where nothing else runs

UNTIL_SERVED = (
    "until grep -q 'dashboard is at' served; do kill -0 $! || { cat served >&2; exit 1; }; sleep 0.05; done"
)

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(BOUND_S + 60)]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, flags=re.S | re.M)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project folder with the shipped configuration, on any free port; what it started is ended."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    config = tmp_path / "config" / "paper.yaml"
    text = re.sub(r"^  uri: .*\n", "", config.read_text(encoding="utf-8"), flags=re.M)
    config.write_text(re.sub(r"^  port: 8765", "  port: 0", text, flags=re.M), encoding="utf-8")
    yield tmp_path
    do(["tradekit", "stop", "paper"], tmp_path)


def do(words: list[str], project: Path) -> subprocess.CompletedProcess[str]:
    """In the project's folder, its sessions apart from everybody's."""
    scripts = str(Path(sys.executable).parent)
    surroundings = os.environ | {
        "TRADEKIT_RUNTIME_DIR": str(project / "runtime"),
        "PATH": scripts + os.pathsep + os.environ["PATH"],
    }
    return subprocess.run(
        words, cwd=project, env=surroundings, capture_output=True, text=True, timeout=BOUND_S, check=False
    )


def test_its_python_runs_from_top_to_bottom(project: Path) -> None:
    (project / "momentum.py").write_text(
        blocks("python")[0], encoding="utf-8"
    )  # a script's class has to be in a file
    rest = "\n".join(blocks("python")[1:])
    script = project / "five_minutes.py"
    script.write_text(f"import tradekit as tk\nfrom momentum import Momentum\n{rest}", encoding="utf-8")
    done = do([sys.executable, str(script)], project)
    assert done.returncode == 0, done.stderr


def test_its_commands_do_what_they_say(project: Path) -> None:
    lines = "\n".join(blocks("console")[1:]).replace("\\\n", " ")
    commands = [line.removeprefix("$ ") for line in lines.splitlines() if line.startswith("$ ")]
    shell = []
    for command in commands:
        if command.startswith("tradekit run"):
            shell.append(f"{command} --json > said & until [ -s said ]; do sleep 0.05; done")
        elif command == "tradekit dashboard":
            shell.append(f"{command} --no-show --port 0 2> served & {UNTIL_SERVED}; kill -INT $!; wait $!")
        else:
            shell.append(command)
    assert len(shell) == 10
    done = do(["bash", "-meuo", "pipefail", "-c", "\n".join([*shell, "wait"])], project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok" in done.stdout
