"""What the guards of the tree share: the root, and the files that belong to the project."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project_files(root: Path) -> Callable[..., list[Path]]:
    """`project_files(".py", ".md", under="tradekit")`: tracked files, and new ones not git-ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    every = sorted({root / name for name in listed.split("\0") if name})

    def choose(*suffixes: str, under: str = ".") -> list[Path]:
        chosen = [path for path in every if path.is_file() and path.is_relative_to(root / under)]
        return [path for path in chosen if not suffixes or path.suffix in suffixes]

    return choose
