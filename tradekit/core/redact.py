"""The secrets of this process by value, and what blots them out of texts, bytes and facts before they leave it.

Knows no secret but those it is told, and nothing of who writes what it cleans.
"""

import html
import json
import threading
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import msgspec

__all__ = ["BLOT", "Redactor", "secrets"]

BLOT = "***"
LEAST = 6  # a shorter value would blot out half of what is written

T = TypeVar("T")
_json = msgspec.json.Encoder(enc_hook=str)


class Redactor:
    """Registered secrets; each `clean` blots them out, and is the truth test alone while there is none. Any thread.

    `count` tells how many texts have been blotted so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()

    def add(self, secret: str) -> None:
        """Blot this value out from now on: as it is, and as it reads in JSON, an address, HTML or a repr."""
        if len(secret) < LEAST:
            return
        shown = {_json.encode(secret).decode(), json.dumps(secret), repr(secret), ascii(secret)}
        inside = {text[1:-1] for text in shown}
        forms = {
            secret,
            *inside,
            html.escape(secret),
            quote(secret, safe=""),
            quote(secret),
            quote_plus(secret),
        }
        with self._lock:
            self._forms = tuple(sorted({*self._forms, *forms}, key=lambda form: (-len(form), form)))
            self._bytes = tuple(form.encode("utf-8", "surrogatepass") for form in self._forms)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def holds(self, data: bytes) -> bool:
        """Whether a secret stands in these bytes (UTF-8)."""
        for form in self._bytes:  # noqa: SIM110 - per event: `any` over a generator takes three times as long
            if form in data:
                return True
        return False

    def clean(self, text: str) -> str:
        """The text with *** for each secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, BLOT)
                self.count += 1
        return text

    def clean_bytes(self, data: bytes) -> bytes:
        """The same for UTF-8."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, BLOT.encode())
                self.count += 1
        return data

    def clean_value(self, value: T) -> T:
        """A struct, dict, list or text with its texts clean; the very same object when no secret is in it.

        Types hold: numbers, Decimals and enums are never touched, so what comes out is as valid as what went in.
        """
        return self._cleaned(value) if self._forms and self.holds(_json.encode(value)) else value

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, msgspec.Raw):
            return msgspec.Raw(_json.encode(self._cleaned(msgspec.json.decode(value))))
        if isinstance(value, msgspec.Struct):
            fields = {name: self._cleaned(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        if isinstance(value, dict):
            return {self._cleaned(name): self._cleaned(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._cleaned(item) for item in value]
        return tuple(self._cleaned(item) for item in value) if type(value) is tuple else value

    def __repr__(self) -> str:
        return f"Redactor({len(self._forms)})"


secrets = Redactor()
"""The process's secrets: whoever reads a token or a key adds it here before using it; `core.secret` does so itself."""
