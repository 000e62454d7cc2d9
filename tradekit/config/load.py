"""From a YAML file to a checked Config, or to an error that says where, what and how to mend it.

Knows no environment variable and no working directory: the same file means the same everywhere.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from tradekit.config.check import problems
from tradekit.config.read import read_document
from tradekit.config.refuse import convert, refuse_endless, refuse_secrets, refuse_unknown
from tradekit.config.schema import Config
from tradekit.errors import ConfigError

__all__ = ["load_config", "project_root"]


def load_config(path: str | Path, *, overrides: Mapping[str, Any] | None = None) -> Config:
    """A configuration, checked.

    overrides  values that take the place of the file's, by dotted path: {"market_data.speed": "max"}

    Raises ConfigError for a file that is missing or is no YAML, a secret, an unknown key, a wrong type or
    values that contradict each other. Whether it can be run as a session is `check_runnable`'s to say.
    """
    file = Path(path).expanduser().absolute()
    doc = read_document(file, shown=str(path))
    doc.replace(overrides or {})
    refuse_secrets(doc)
    refuse_unknown(doc)
    refuse_endless(doc)
    made = convert(doc, Config)
    session = made.session
    if not session.name:
        session = replace(session, name=_name(file, str(path)))
    if session.armed is None:
        session = replace(session, armed=session.mode != "live")
    config = replace(made, session=session)
    wrong = [f"{doc.where(where)}: {where}: {problem}" for where, problem in problems(config)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    return replace(config, digest=_digest(config), file=file, root=project_root(file))


def project_root(file: Path) -> Path:
    """Where relative paths start: the parent of the folder `config/` it lies in, else its own folder."""
    folder = file.absolute().parent
    return folder.parent if folder.name == "config" else folder


def _name(file: Path, shown: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")[:64]
    if not name:
        raise ConfigError(f"{shown}: the file's name gives no name for the session; set session.name")
    return name


def _digest(config: Config) -> str:
    """Of the values alone: `file`, `root` and `digest` still have their defaults here."""
    return hashlib.sha256(msgspec.json.encode(config, enc_hook=str, order="sorted")).hexdigest()
