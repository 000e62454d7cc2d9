"""The version of this tradekit, as it was installed.

Knows the package's name only.
"""

import functools

__all__ = ["version"]


@functools.cache
def version() -> str:
    """The installed version, "0" when the package runs without having been installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("tradekit")
    except PackageNotFoundError:
        return "0"
