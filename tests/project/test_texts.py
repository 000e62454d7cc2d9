"""What the project keeps: no machine's paths, no registry's address, live links, clean notebooks."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Files = Callable[..., list[Path]]

FOREIGN = {
    "machine path": re.compile(r"(?<![\w.}~$-])/(?:root|work|tmp|opt/pypi|home/[a-z]\w*|Users/[A-Za-z]\w*)/"),
    "registry": re.compile(
        r"py[p]i\.org|python[h]osted\.org|registry\.(?:npm[j]s\.org|yarn[p]kg\.com)|repo\.ana[c]onda\.com"
    ),
}
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def foreign(path: Path) -> list[str]:
    """Lines of a text file that name a machine's folder or a package registry."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []  # a picture or a packed file
    lines = enumerate(text.splitlines(), start=1)
    return [
        f"{path.name}:{number}: {kind}"
        for number, line in lines
        for kind, pattern in FOREIGN.items()
        if pattern.search(line)
    ]


def dead_links(path: Path) -> list[str]:
    """Relative links of a Markdown file that lead to no file or no heading."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    targets = [plain or picture for plain, picture in LINK.findall(text)]
    return [target for target in targets if not re.match(r"[a-z]+:", target) and not leads(path, target)]


def leads(path: Path, target: str) -> bool:
    """Whether a relative link from `path` ends at a file, and at a heading where it names one."""
    name, _, anchor = target.partition("#")
    goal = (path.parent / name).resolve() if name else path
    if not goal.exists():
        return False
    return not anchor or goal.suffix != ".md" or anchor in anchors(goal)


def anchors(path: Path) -> set[str]:
    """The headings of a Markdown file as links spell them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+\s+(.+?)\s*#*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def soiled_cells(path: Path) -> list[int]:
    """Indexes of the cells of a notebook that carry outputs or an execution count."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [index for index, cell in enumerate(cells) if cell.get("outputs") or cell.get("execution_count")]


def test_nothing_names_a_machine_or_a_registry(project_files: Files) -> None:
    assert [line for path in project_files() for line in foreign(path)] == []


def test_every_link_leads_somewhere(project_files: Files) -> None:
    assert {path.name: dead for path in project_files(".md") if (dead := dead_links(path))} == {}


def test_notebooks_are_kept_without_outputs(project_files: Files) -> None:
    assert {path.name: cells for path in project_files(".ipynb") if (cells := soiled_cells(path))} == {}


@pytest.mark.parametrize("part", ["/" + "tmp/x.log", "/" + "root/.venv", "https://py" + "pi.org/simple"])
def test_a_foreign_name_is_seen(tmp_path: Path, part: str) -> None:
    path = tmp_path / "notes.md"
    path.write_text(f"fine\nsee {part}\n", encoding="utf-8")
    assert [line.partition(": ")[0] for line in foreign(path)] == ["notes.md:2"]


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "# A head, and more\n[a](page.md) [b](gone.md) [c](#a-head-and-more) [d](#gone) ![e](gone.png)\n"
        "[f](https://example.com)\n```\n[g](in-code.md)\n```\n",
        encoding="utf-8",
    )
    assert dead_links(path) == ["gone.md", "#gone", "gone.png"]


def test_a_notebook_with_output_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "run.ipynb"
    clean = {"cell_type": "code", "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"cells": [clean, clean | {"execution_count": 3}]}), encoding="utf-8")
    assert soiled_cells(path) == [1]
