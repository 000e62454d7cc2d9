"""Where the panes' bundled scripts are, and what to do when they are not.

Knows nothing of what the scripts draw; `hatch_build.py` makes them when tradekit is installed.
"""

from pathlib import Path

from tradekit.errors import ConfigError

__all__ = ["script"]

_STATIC = Path(__file__).with_name("static")


def script(name: str) -> Path:
    """The path of a bundled ES module (panes, chart, session, research); raises ConfigError when it was never built."""
    path = _STATIC / f"{name}.js"
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing: it is bundled when tradekit is installed from source. "
            "Run `pip install -e .` in the checkout (that needs the npm registry once), "
            "or install a built wheel."
        )
    return path
