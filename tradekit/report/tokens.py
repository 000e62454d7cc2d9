"""The colours and faces of everything that a report draws, light and dark.

Knows no chart and no page. Contrast of text on the panel is at least 4.5 : 1.
"""

import msgspec

__all__ = ["DARK", "FACE", "LIGHT", "Look"]

FACE = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


class Look(msgspec.Struct, frozen=True):
    """Colours by their role, as CSS writes them."""

    page: str
    panel: str
    line: str
    text: str
    muted: str
    up: str
    down: str
    accent: str
    warning: str


LIGHT = Look(
    page="#f6f7f9",
    panel="#ffffff",
    line="#dde2ea",
    text="#17202b",
    muted="#5b6675",
    up="#0b7268",
    down="#c22f2c",
    accent="#1f5ad6",
    warning="#8a590c",
)
DARK = Look(
    page="#0e1218",
    panel="#151b23",
    line="#263040",
    text="#dbe2ea",
    muted="#8894a6",
    up="#26a69a",
    down="#f2605d",
    accent="#4c8dff",
    warning="#f2b134",
)
