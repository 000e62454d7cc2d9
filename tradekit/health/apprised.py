"""The ways out: an address as Apprise writes it, made into something that sends. Mail, messengers and a hundred others.

The library is imported when the first address is read. An address holds passwords and tokens: nothing here shows one.
"""

import contextlib
import logging
import re
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from tradekit.core.redact import secrets
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.health.messenger import Send
from tradekit.health.rationing import Letter

__all__ = ["sender_of"]

_GRADES = ("info", "warning", "failure")  # the library's words, by rank
_HOST = re.compile(r"^[a-z0-9.-]+\.[a-z]{2,}$|^localhost$|^[0-9.]+$", re.IGNORECASE)
_LEAST = 8  # characters of a part that may be a token


def sender_of(place: Secret, *, heading: str) -> Send:
    """What sends letters to the address that `place` holds; `heading` begins each title.

    Raises ConfigError, which never repeats the address, where it is none or the library is missing.
    """
    try:
        import apprise
    except ImportError as error:
        raise ConfigError("alerts need the package apprise: pip install 'tradekit[alerts]'") from error
    address = place.reveal()
    _register_parts(address)
    lines = address.split()
    if len(lines) != 1:
        raise ConfigError(f"{place.source} holds {len(lines)} addresses; name a place for each")
    quiet = logging.getLogger("apprise")
    quiet.propagate = False  # what it says is read here, and told without the address
    if not any(isinstance(one, _Heard) for one in quiet.handlers):
        quiet.addHandler(_Heard())
    asset = apprise.AppriseAsset(app_id="tradekit", app_desc="tradekit", app_url="", async_mode=False)
    try:
        with _hearing(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the standard library's, of what some of its plugins use
            way = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    except Exception as error:  # a plugin's own; it may quote the address
        raise ConfigError(
            f"{place.source} holds no address that can be used: {type(error).__name__}"
        ) from None
    if way is None:
        raise ConfigError(
            f"{place.source} holds no address that Apprise knows; write one as its documentation has them, such as "
            "mailtos://..., tgram://..., ntfys://..., json://..."
        )

    def send(letter: Letter) -> str:
        title = f"{heading}: {letter.kind.replace('_', ' ')}"
        with _hearing() as heard:
            sent = way.notify(
                title=secrets.clean(title), body=secrets.clean(letter.text), notify_type=_GRADES[letter.rank]
            )
        return "" if sent else (heard[-1] if heard else "it was refused")

    return send


def _register_parts(address: str) -> None:
    """Blot out whatever in the address may be a secret by itself: user, password, tokens in host, path and query."""
    parts = urlsplit(address)
    words = [word for word in re.split("[:@]", parts.netloc) if not _HOST.match(word)]
    words += parts.path.split("/")
    words += [pair.partition("=")[2] for pair in parts.query.split("&")]
    for word in (*words, *map(unquote, words)):
        if len(word) >= _LEAST and not (word.isalpha() and (word.islower() or word.istitle())):
            secrets.add(word)
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    secrets.add(unquote(password))


_local = threading.local()


class _Heard(logging.Handler):
    """Keeps what the library warns of, for the thread that sends."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        heard: list[str] | None = getattr(_local, "heard", None)
        if heard is not None:
            heard.append(secrets.clean(record.getMessage()))


@contextlib.contextmanager
def _hearing() -> Iterator[list[Any]]:
    heard: list[Any] = []
    _local.heard = heard
    try:
        yield heard
    finally:
        _local.heard = None
