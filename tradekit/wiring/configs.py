"""The project's configurations, and starting one: what a dashboard offers while no session runs.

Only files that lie in the folder can be started, each by its name there. Knows no page.
"""

from pathlib import Path
from typing import Any

from tradekit.client import registry
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError, TradekitError
from tradekit.wiring.sessions import start

__all__ = ["Configs"]


class Configs:
    """The YAML files of a folder.

    folder  default: `config/` in the working directory or above it
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def configs(self) -> list[dict[str, Any]]:
        """A row a file, by name: file, session's name, mode, strategy, and why it cannot be started ("" if it can)."""
        folder = self._folder or _nearest()
        return [] if folder is None else [_row(file) for file in sorted(folder.glob("*.yaml"))]

    def start(self, file: str) -> None:
        """Start the session of a file of the folder, and leave it to itself once it serves.

        Raises ConfigError for a file that is not in the folder, and what `tk.start` raises.
        """
        folder = self._folder or _nearest()
        if folder is None or file not in {path.name for path in folder.glob("*.yaml")}:
            raise ConfigError(f"there is no configuration {file!r} in {folder or 'a folder config/'}")
        start(folder / file).close()

    def running(self) -> bool:
        """Whether any session of this user runs on this machine."""
        return bool(registry.entries())


def _nearest() -> Path | None:
    here = Path.cwd()
    return next((above / "config" for above in (here, *here.parents) if (above / "config").is_dir()), None)


def _row(file: Path) -> dict[str, Any]:
    row = {"file": file.name, "name": file.stem, "mode": "", "strategy": "", "problem": ""}
    try:
        config = load_config(file)
        row |= {"name": config.session.name, "mode": str(config.session.mode)}
        row["strategy"] = (config.strategy.class_path or "").rpartition(":")[2]
        check_runnable(config)
    except (TradekitError, OSError) as error:
        row["problem"] = str(error)
    return row
