"""environment.yml names what pyproject.toml names, in conda's words."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

SHARED = {"jupyterlab", "ipywidgets", "panel", "param", "pandas", "websockets", "pyyaml"}
Table = dict[str, Any]


def differences(environment: Table, project: Table) -> list[str]:
    """Each way in which the conda environment and the package disagree, as a sentence."""
    found = []
    specs = {}
    for line in environment["dependencies"]:
        if isinstance(line, str):
            spec = rattler.MatchSpec(line)
            specs[spec.name.normalized] = SpecifierSet(str(spec.version or "").replace("*", ""))
    wanted = {req.name.lower(): req.specifier for req in map(Requirement, project["dependencies"])}
    if set(specs) - {"python", "pip"} != SHARED:
        found.append(f"environment.yml names {sorted(set(specs) - {'python', 'pip'})}, not {sorted(SHARED)}")
    for name in sorted(SHARED & set(specs)):
        if name not in wanted:
            found.append(f"{name} is in environment.yml but not in pyproject.toml")
        elif specs[name] != wanted[name]:
            found.append(f"{name} is {specs[name]} for conda and {wanted[name]} for pip")
    lowest = SpecifierSet(project["requires-python"])
    if "python" not in specs or not set(lowest) <= set(specs["python"]):
        found.append(f"python is {specs.get('python')} for conda and {lowest} for pip")
    if environment["channels"] != ["conda-forge", "nodefaults"]:
        found.append(f"channels are {environment['channels']}, not conda-forge alone")
    if "pip" not in specs or {"pip": ["-e .[dev]"]} not in environment["dependencies"]:
        found.append("the pip section does not install the project itself with its dev extra")
    return found


@pytest.fixture(scope="module")
def environment(root: Path) -> Table:
    loaded: Table = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def project(root: Path) -> Table:
    loaded: Table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return loaded


def test_conda_and_pip_name_the_same_packages_and_ranges(environment: Table, project: Table) -> None:
    assert differences(environment, project) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("panel >=1.9", "panel >=1.8", "panel is >=1.8 for conda"),
        ("param >=2.2", "scipy >=1.0", "environment.yml names"),
        ("python >=3.11,<3.14", "python >=3.10", "python is >=3.10"),
    ],
)
def test_a_line_that_differs_is_named(
    environment: Table, project: Table, old: str, new: str, complaint: str
) -> None:
    changed = copy.deepcopy(environment)
    changed["dependencies"][changed["dependencies"].index(old)] = new
    assert any(complaint in line for line in differences(changed, project))


def test_a_missing_pip_section_is_named(environment: Table, project: Table) -> None:
    changed = environment | {"dependencies": environment["dependencies"][:-1]}
    assert differences(changed, project) == [
        "the pip section does not install the project itself with its dev extra"
    ]


def test_a_line_conda_cannot_read_is_refused(environment: Table, project: Table) -> None:
    changed = environment | {"dependencies": [*environment["dependencies"], "pandas >>=2"]}
    with pytest.raises(Exception, match="unable to parse version spec: >>=2"):  # its class has no public name
        differences(changed, project)
