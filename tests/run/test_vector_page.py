"""docs/vector.md: its example runs as it stands, and every test that it names is there."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/vector.md").read_text(encoding="utf-8")


@pytest.mark.process
def test_the_example_runs_as_it_stands() -> None:
    scope: dict[str, Any] = {"__name__": __name__}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, scope)  # noqa: S102 - our own page
    assert scope["result"].engine == "vector"
    assert len(scope["result"].fills) > 10
    assert scope["report"].prefixes > 0


def test_every_test_that_it_names_is_there() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE))
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in written} == set()
    assert named
