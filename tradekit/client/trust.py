"""Whom a client believes over TLS: the system's authorities, and a certificate that it is given.

Knows no session and no socket.
"""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from tradekit.errors import ConfigError

__all__ = ["trust"]


def trust(uri: str, ca: str | Path | None) -> ssl.SSLContext | None:
    """The TLS settings for an address; None for one without TLS (ws://).

    ca  a PEM file with the authority, or the self-signed certificate, to believe beside the system's own

    Raises ConfigError when the file cannot be read.
    """
    if urlsplit(uri).scheme != "wss":
        return None
    context = ssl.create_default_context()
    if ca:
        try:
            context.load_verify_locations(cafile=Path(ca).expanduser())
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"the certificate {ca} cannot be read ({error}); give a PEM file with what signed the session's"
            ) from error
    return context
