"""Each module says what it offers; room doors are empty; nothing inside uses the front door."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

Files = Callable[..., list[Path]]


def complaints(path: Path, package: Path) -> list[str]:
    """What is wrong with one module of `package`."""
    name = path.relative_to(package.parent).as_posix()
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent != package:
        return [f"{name} is not empty"] if text else []
    tree = ast.parse(text)
    found = []
    if not ast.get_docstring(tree):
        found.append(f"{name} has no docstring")
    if path.name not in {"__init__.py", "__main__.py"} and "__all__" not in assigned(tree):
        found.append(f"{name} has no __all__")
    if path.name != "__init__.py":
        rooms = {child.stem for child in package.iterdir()}
        found += [f"{name}:{line} imports the front door" for line in front_door_imports(tree, rooms)]
    return found


def assigned(tree: ast.Module) -> set[str]:
    """Names assigned at the module's top level."""
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def front_door_imports(tree: ast.Module, rooms: set[str]) -> list[int]:
    """Lines that import tradekit itself, or a name that is no room from it."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "tradekit" for alias in node.names):
            lines.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "tradekit":
            lines += [node.lineno for alias in node.names if alias.name not in rooms]
    return lines


def test_every_module_keeps_the_rules(root: Path, project_files: Files) -> None:
    modules = project_files(".py", under="tradekit")
    assert [line for path in modules for line in complaints(path, root / "tradekit")] == []


def test_the_package_says_that_it_is_typed(root: Path) -> None:
    assert (root / "tradekit" / "py.typed").read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("core/__init__.py", "x = 1\n", "tradekit/core/__init__.py is not empty"),
        ("core/bare.py", "__all__ = []\n", "tradekit/core/bare.py has no docstring"),
        ("core/silent.py", '"""Says."""\n', "tradekit/core/silent.py has no __all__"),
        (
            "core/up.py",
            '"""Says."""\n__all__ = []\nimport tradekit\n',
            "tradekit/core/up.py:3 imports the front door",
        ),
        (
            "core/up.py",
            '"""Says."""\n__all__ = []\nfrom tradekit import SMA\n',
            "tradekit/core/up.py:3 imports the front door",
        ),
    ],
)
def test_a_breach_is_named(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    package = tmp_path / "tradekit"
    (package / "core").mkdir(parents=True)
    (package / name).write_text(text, encoding="utf-8")
    assert complaints(package / name, package) == [complaint]


def test_a_room_may_be_imported_from_the_package(tmp_path: Path) -> None:
    package = tmp_path / "tradekit"
    (package / "core").mkdir(parents=True)
    path = package / "core" / "fine.py"
    path.write_text('"""Says."""\n__all__ = []\nfrom tradekit import core\n', encoding="utf-8")
    assert complaints(path, package) == []
