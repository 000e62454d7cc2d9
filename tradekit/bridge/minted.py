"""Tokens that were minted for others: a private file of their hashes, looked at again whenever it has changed.

The file never holds a token: who reads it can let nobody in. Knows no socket.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.core.clock import Clock, SystemClock, new_token
from tradekit.errors import ConfigError, NotFoundError

__all__ = ["Minted", "MintedTokens", "token_hash"]


class Minted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token as the file keeps it.

    user     who it speaks for, in the journal too
    scopes   what it allows
    hash     sha256 (hex) of the token
    expires  when it is good no more [UTC ns], 0 for never
    """

    user: str
    scopes: list[str]
    hash: str
    expires: int = 0


class MintedTokens:
    """The tokens in a file, which may not be there yet. Any thread."""

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._seen: tuple[int, int, int] | None = None
        self._known: dict[str, Minted] = {}

    def mint(self, user: str, scopes: frozenset[str], *, life_s: float | None = None) -> str:
        """Make a token for `user`, good for `life_s` (None is until it is revoked); it is told this once.

        Raises ConfigError for an unknown scope or a name without letters. `read` comes with every other scope.
        """
        unknown = scopes - SCOPES.keys()
        if unknown:
            raise ConfigError(f"scope {sorted(unknown)[0]!r} is none of {', '.join(SCOPES)}")
        if not user or not all(letter.isalnum() or letter in "-_.@" for letter in user):
            raise ConfigError(f"user {user!r} is no name: use letters, digits and - _ . @")
        if life_s is not None and life_s <= 0:
            raise ConfigError(f"a token that is good for {life_s:g} s is good for nothing")
        token = new_token()
        expires = 0 if life_s is None else self._clock.now() + int(life_s * 1e9)
        made = Minted(user, sorted(scopes | {"read"}), token_hash(token), expires)
        with self._turn():
            self._write([*self.all(), made])
        return token

    def revoke(self, user: str) -> int:
        """Take back every token of `user`; how many there were. NotFoundError when there is none."""
        with self._turn():
            known = self.all()
            kept = [one for one in known if one.user != user]
            if len(kept) == len(known):
                there = ", ".join(dict.fromkeys(one.user for one in known)) or "nobody"
                raise NotFoundError(f"no token of {user!r} here; tokens were minted for {there}")
            self._write(kept)
        return len(known) - len(kept)

    def all(self) -> list[Minted]:
        """What is in the file, expired ones left out; raises ConfigError when others may read it or it is damaged."""
        now = self._clock.now()
        return [one for one in self._read() if not one.expires or one.expires > now]

    def check(self, hash: str) -> Grant | None:
        """What the token of this hash allows now, None if it is not known."""
        self._refresh()
        found = self._known.get(hash)
        if found is None or (found.expires and found.expires <= self._clock.now()):
            return None
        return Grant(found.user, frozenset(found.scopes), hash)

    def _refresh(self) -> None:
        try:
            at = self.path.stat()
        except FileNotFoundError:
            self._seen, self._known = None, {}
            return
        seen = (at.st_mtime_ns, at.st_size, at.st_ino)
        if seen != self._seen:
            self._known = {one.hash: one for one in self._read()}
            self._seen = seen

    def _read(self) -> list[Minted]:
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return []
        with os.fdopen(fd, "rb") as file:
            if os.fstat(fd).st_mode & 0o077:
                raise ConfigError(f"others may read the token file {self.path}; run: chmod 600 {self.path}")
            data = file.read()
        try:
            return msgspec.json.decode(data, type=list[Minted])
        except msgspec.DecodeError as error:
            raise ConfigError(
                f"the token file {self.path} cannot be read ({error}); remove it and mint the tokens anew"
            ) from error

    def _write(self, tokens: list[Minted]) -> None:
        """The whole file anew, in one step."""
        aside = self.path.with_name(f".{self.path.name}.new")
        aside.unlink(missing_ok=True)
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(tokens), indent=1) + b"\n")
            file.flush()
            os.fsync(fd)
        aside.replace(self.path)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One at a time changes the file."""
        fd = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def token_hash(token: str) -> str:
    """sha256 (hex) of a token: 256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
