"""constraints.txt pins all that pyproject.toml asks for on each Python line, and names no source."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LINES = ["3.11", "3.12", "3.13"]


def pins(text: str, python_version: str) -> dict[str, str]:
    """Name to version, of the lines that hold on that Python."""
    requirements = [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]
    holding = [
        req
        for req in requirements
        if not req.marker or req.marker.evaluate({"python_version": python_version})
    ]
    names = [canonicalize_name(req.name) for req in holding]
    assert len(names) == len(set(names)), "a package is pinned twice"
    return {name: str(req.specifier).removeprefix("==") for name, req in zip(names, holding, strict=True)}


def unmet(text: str, wanted: list[str], python_version: str) -> list[str]:
    """The wanted requirements that the pins leave open or contradict."""
    found, line = pins(text, python_version), {"python_version": python_version}
    requirements = [Requirement(one) for one in wanted]
    return [
        str(req)
        for req in requirements
        if (not req.marker or req.marker.evaluate(line))
        and not req.specifier.contains(found.get(canonicalize_name(req.name), "0"), prereleases=True)
    ]


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wanted(root: Path) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]


@pytest.mark.parametrize("python_version", LINES)
def test_every_wanted_package_is_pinned_within_its_range(
    text: str, wanted: list[str], python_version: str
) -> None:
    assert unmet(text, wanted, python_version) == []


def test_the_dashboard_library_differs_between_python_lines(text: str) -> None:
    older, newer = pins(text, "3.11"), pins(text, "3.12")
    assert older["panel"].startswith("1.9.")
    assert newer["panel"] != older["panel"]


def test_an_unpinned_or_outdated_package_is_named(text: str) -> None:
    assert unmet(text, ["panel>=99", "no-such-package>=1"], "3.11") == ["panel>=99", "no-such-package>=1"]


def test_there_is_no_address_and_no_option(text: str) -> None:
    assert [line for line in text.splitlines() if "://" in line or line.startswith("-") or "@" in line] == []
