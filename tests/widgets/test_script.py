import importlib.util
from pathlib import Path

import pytest

from tradekit.errors import ConfigError
from tradekit.widgets import script

ROOT = Path(__file__).parents[2]


def test_the_bundled_scripts_import_nothing_and_name_no_address_but_the_chart_makers() -> None:
    for name in ("panes", "chart", "session"):
        text = script.script(name).read_text(encoding="utf-8")
        assert "import " not in text.replace("import(", "").split("export")[0][:200]
        assert not text.lstrip().startswith("import")
        assert "fetch(" not in text
        assert "XMLHttpRequest" not in text


def test_a_missing_bundle_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(script, "_STATIC", tmp_path)
    with pytest.raises(ConfigError, match="pip install -e"):
        script.script("panes")


def test_the_bundle_is_made_of_the_sources_here() -> None:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    hook = module.PanesBuildHook(str(ROOT), {}, None, None, "", "wheel")
    assert hook.dependencies() == [], "frontend/ changed since the last bundle: run `pip install -e .`"


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8")
