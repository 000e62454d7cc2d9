"""A secret that can be passed about and never shows: from the environment, a private file or the system's keyring.

Knows no venue: what a secret opens is its user's business.
"""

import hmac
import importlib
import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn, Self

from tradekit.core.redact import BLOT, secrets
from tradekit.errors import ConfigError

__all__ = ["Secret"]

_MOST = 65_536  # bytes of a secret's file
_SOURCES = "write env:NAME, file:PATH, keyring:SERVICE/NAME or credential:NAME"
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]+")


class Secret:
    """A value that reads *** wherever it is shown; `reveal` gives it to whoever uses it, at the last moment.

    Made, it is registered: from then on the value is blotted out of logs, journal, tracebacks and frames.
    It compares with secrets only, in constant time. It can be copied, and neither pickled nor encoded.
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, *, source: str = "") -> None:
        if not value:
            raise ConfigError(f"the secret {source or 'given'} is empty")
        try:
            secrets.add(value)
        except UnicodeEncodeError:
            raise ConfigError(f"the secret {source or 'given'} is not text (UTF-8)") from None
        self._value = value
        self.source = source

    @classmethod
    def read(cls, where: str, *, root: Path | None = None) -> Self:
        """A secret by the name of its place.

        "env:NAME", "file:PATH" (relative to `root`), "keyring:SERVICE/NAME", or "credential:NAME": what systemd hands
        to a service (LoadCredential).
        """
        kind, _, name = where.partition(":")
        if kind == "env" and name:
            return cls.from_env(name)
        if kind == "file" and name:
            return cls.from_file((root or Path()) / Path(name).expanduser())
        if kind == "credential" and _CREDENTIAL.fullmatch(name):
            return cls.from_credential(name)
        service, _, user = name.partition("/")
        if kind == "keyring" and service and user:
            return cls.from_keyring(service, user)
        raise ConfigError(
            f"this is no place of a secret; {_SOURCES}"
        )  # it may be the secret itself: not repeated

    @classmethod
    def from_env(cls, name: str) -> Self:
        """From an environment variable; raises ConfigError when it is not set."""
        value = os.environ.get(name, "").strip()
        if not value:
            raise ConfigError(f"the environment variable {name} is not set; export it before the start")
        return cls(value, source=f"env:{name}")

    @classmethod
    def from_file(cls, path: Path, *, what: str = "secret file", hint: str = "") -> Self:
        """From a file that only its owner can read; raises ConfigError when it is missing, empty or open to others.

        `what` and `hint` complete the errors.
        """
        try:
            fd = os.open(
                path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
            )  # a pipe without a writer must not hang
            with os.fdopen(fd, "rb") as file:
                found = os.fstat(fd)
                value = file.read(_MOST).decode().strip() if stat.S_ISREG(found.st_mode) else ""
        except (OSError, UnicodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or "it is not text"
            raise ConfigError(f"{what} {path} cannot be read: {reason}{hint and f'; {hint}'}") from None
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            secrets.add(value)
            raise ConfigError(f"{what} {path} has mode {mode:04o}: others may read it; run: chmod 600 {path}")
        if not value:
            raise ConfigError(f"{what} {path} is empty{hint and f'; {hint}'}")
        return cls(value, source=f"file:{path}")

    @classmethod
    def from_credential(cls, name: str) -> Self:
        """From this service's credentials; raises ConfigError outside of one, or where it has none of that name."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
        if not folder:
            raise ConfigError(
                f"credential:{name} is there only in a service of systemd (LoadCredential={name}:PATH); for a start by "
                "hand use env: or file:"
            )
        try:
            value = (
                (Path(folder) / name).read_bytes()[:_MOST].decode().strip()
            )  # systemd has seen to who may read it
        except (OSError, UnicodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or "it is not text"
            raise ConfigError(
                f"the credential {name} cannot be read: {reason}; see LoadCredential= in the unit"
            ) from None
        return cls(value, source=f"credential:{name}")

    @classmethod
    def from_keyring(cls, service: str, name: str) -> Self:
        """From the system's keyring, by the package `keyring`; raises ConfigError without it or without an entry."""
        try:
            keyring: Any = importlib.import_module("keyring")
        except ImportError:
            raise ConfigError(
                f"keyring:{service}/{name} needs the package keyring: pip install keyring; or use env: or file:"
            ) from None
        try:
            value = keyring.get_password(service, name)
        except Exception as error:  # each backend has its own
            raise ConfigError(
                f"the keyring cannot be asked for {service}/{name}: {type(error).__name__}; unlock it, or use "
                f"env: or file:"
            ) from None
        if not value:
            raise ConfigError(
                f"the keyring has no {service}/{name}; put it there: keyring set {service} {name}"
            )
        return cls(value, source=f"keyring:{service}/{name}")

    def reveal(self) -> str:
        """The value itself: hand it on, never keep or show it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return BLOT

    def __format__(self, spec: str) -> str:
        return format(BLOT, spec)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is not written down: read it again where it is needed")
