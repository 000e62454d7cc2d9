"""Whether a human has said, once for each live configuration, that its orders may leave the house.

Remembered by the configuration's digest in a file of the user's own (0600): what is changed is asked for again. Knows
no broker.
"""

import fcntl
import os
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from tradekit.config.schema import Config
from tradekit.errors import ConfigError
from tradekit.wiring.venues import venue

__all__ = ["FLAG", "check_understood", "is_understood", "understood_file"]

FLAG = "--i-understand"
_KEPT = 200  # configurations; the oldest are forgotten


def understood_file() -> Path:
    """Where the digests are kept: TRADEKIT_STATE_DIR, else in the user's folder for a program's state."""
    chosen = os.environ.get("TRADEKIT_STATE_DIR")
    return (Path(chosen) if chosen else user_state_path("tradekit")) / "understood.json"


def check_understood(config: Config, *, said: bool) -> None:
    """Raise ConfigError for a live configuration that nobody has said yes to; `said` is that yes, and remembered."""
    if is_understood(config):
        return
    if not said:
        raise ConfigError(_question(config))
    _write(understood_file(), config.digest)


def is_understood(config: Config) -> bool:
    """Whether nobody has to be asked: orders stay in the house, or somebody has said yes to just this."""
    return config.session.mode != "live" or config.digest in _read(understood_file())


def _question(config: Config) -> str:
    where, account = venue(config.broker.name).where(config), config.session.account
    traded = ", ".join(one.id for one in config.instruments)
    limits = ", ".join(f"{name} {bound}" for name, bound in config.risk.items()) or "none"
    return (
        f"{config.file} is live: once it is armed, orders in {traded} go to the account {account!r} at {where}, "
        f"and what they lose is lost. Its limits: {limits}. If you mean that, say so once for this configuration: "
        f"tradekit run {config.file} {FLAG} (in Python: tk.start({str(config.file)!r}, i_understand=True))"
    )


def _read(file: Path) -> list[str]:
    """The digests, oldest first; a file that cannot be read, or that others may write, says yes to nothing."""
    try:
        found = file.stat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return []
        return msgspec.json.decode(file.read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return []


def _write(file: Path, digest: str) -> None:
    """Add a digest: written aside and renamed, one writer at a time."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.with_suffix(".lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            digests = [*(one for one in _read(file) if one != digest), digest][-_KEPT:]
            aside = file.with_suffix(".new")
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(fd, "wb") as made:
                made.write(msgspec.json.encode(digests))
            aside.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror or error}), so your word would not be remembered; set "
            f"TRADEKIT_STATE_DIR to a folder of yours"
        ) from error
