"""The project's configurations, and starting one: what a dashboard offers while no session runs.

Only files that lie in the folder can be started, each by its name there. Knows no page.
"""

import contextlib
import re
from pathlib import Path
from typing import Any

from tradekit.client import registry
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError, TradekitError
from tradekit.wiring.sessions import start

__all__ = ["Configs"]

_FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.yaml")


class Configs:
    """The YAML files of a folder.

    folder  default: `config/` in the working directory or above it
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path | None:
        """The folder, None where there is none."""
        return self._folder or _nearest()

    def configs(self) -> list[dict[str, Any]]:
        """A row a file, by name: file, session's name, mode, strategy, and why it cannot be started ("" if it can)."""
        return [_row(file) for file in self._files()]

    def start(self, file: str) -> None:
        """Start the session of a file of the folder, and leave it to itself once it serves.

        Raises ConfigError for a file that is not in the folder, and what `tk.start` raises.
        """
        folder = self.folder
        if folder is None or file not in {path.name for path in self._files()}:
            raise ConfigError(f"there is no configuration {file!r} in {folder or 'a folder config/'}")
        start(folder / file).close()

    def add(self, file: str, text: str) -> None:
        """Write a new configuration into the folder; the same text twice is written once.

        Raises ConfigError for a name that is no `NAME.yaml`, a file that is there already, a folder that is not there,
        and a configuration that cannot be run, which is not kept.
        """
        if not _FILE.fullmatch(file):
            raise ConfigError(
                f"{file!r} is no name for a configuration; write letters, digits and -, then .yaml"
            )
        if self.folder is None:
            raise ConfigError("there is no folder config/ here; make one in the project's folder")
        path = self.folder / file
        try:
            with path.open("x", encoding="utf-8") as made:
                made.write(text)
        except FileExistsError as error:
            if path.read_text(encoding="utf-8") == text:
                return
            raise ConfigError(f"{path} is there already and is left as it is; choose another name") from error
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
        try:
            check_runnable(load_config(path))
        except TradekitError:
            path.unlink()
            raise

    def strategies(self) -> list[str]:
        """The strategies that the files name, as they say them."""
        found = []
        for file in self._files():
            with contextlib.suppress(TradekitError, OSError):
                found.append(load_config(file).strategy.class_path)
        return [path for path in dict.fromkeys(found) if path is not None]

    def _files(self) -> list[Path]:
        return [] if self.folder is None else sorted(self.folder.glob("*.yaml"))

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
