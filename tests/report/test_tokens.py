import re
from pathlib import Path

import msgspec
import pytest

from tradekit.report.tokens import DARK, LIGHT, Look

CSS = (Path(__file__).parents[2] / "frontend" / "src" / "base.css").read_text(encoding="utf-8")
LEAST = 4.5  # WCAG 2, level AA, of text at its usual size
WORDS = ("text", "muted", "up", "down", "accent", "warning")


def brightness(colour: str) -> float:
    """Relative luminance by WCAG 2 of `#rrggbb`."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((brightness(one), brightness(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_a_reports_words_are_readable_on_its_panels(look: Look) -> None:
    colours = msgspec.structs.asdict(look)
    assert {name: contrast(colours[name], look.panel) >= LEAST for name in WORDS} == dict.fromkeys(
        WORDS, True
    )


@pytest.mark.parametrize("rule", ['.tk[data-theme="light"]', '.tk[data-colours="blue"][data-theme="light"]'])
def test_a_screens_words_are_readable_on_whatever_they_stand_on(rule: str) -> None:
    for selector in (".tk", rule, '.tk[data-colours="blue"]'):
        usual = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", CSS.split("}")[0]))
        light = dict(
            re.findall(r"--([a-z]+): (#[0-9a-f]{6})", CSS.split('.tk[data-theme="light"] {')[1].split("}")[0])
        )
        own = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", CSS.split(selector + " {")[1].split("}")[0]))
        tokens = usual | (light if "light" in selector else {}) | own
        weak = {
            (word, ground): round(contrast(tokens[word], tokens[ground]), 2)
            for word in (*WORDS, "danger", "mode")
            for ground in ("page", "panel", "hover")
            if contrast(tokens[word], tokens[ground]) < LEAST
        }
        assert weak == {}, selector
