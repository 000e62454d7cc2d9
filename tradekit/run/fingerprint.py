"""A run's fingerprint: what went in and what was filled, as one hash.

Knows no journal; equal fingerprints mean the same bars, strategy, parameters, limits and fills.
"""

import hashlib

import numpy as np

from tradekit.core.codec import canonical_hash
from tradekit.run.result import Result

__all__ = ["fingerprint"]

_COLUMNS = ("ts", "open", "high", "low", "close", "volume")


def fingerprint(result: Result) -> str:
    """sha256 (hex) of a backtest's opening (strategy and its source, parameters, limits), its bars and its fills."""
    digest = hashlib.sha256(canonical_hash(result.opened).encode())
    for columns in result.columns:
        digest.update(columns.timeframe.encode())
        for name in _COLUMNS:
            digest.update(np.ascontiguousarray(getattr(columns, name)).tobytes())
    digest.update(result.fills.reset_index().to_csv(index=False).encode())
    return digest.hexdigest()
