"""The real market data that comes with the package: what there is, and what instrument each sample shows.

Knows where the files lie and nothing of how they are read; their origin is in samples/PROVENANCE.md.
"""

from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from tradekit.errors import NotFoundError, did_you_mean
from tradekit.model.instrument import Instrument

__all__ = ["PREFIX", "Sample", "sample", "samples"]

PREFIX = "sample:"


class Sample(msgspec.Struct, frozen=True):
    """One sample: its name after "sample:", its instrument and the length of its bars."""

    name: str
    instrument: Instrument
    timeframe: str

    @property
    def file(self) -> Traversable:
        """The gzipped CSV inside the package."""
        return files("tradekit.data") / "samples" / f"{self.name}.csv.gz"


def _instrument(id: str, quote: str, tick: str, lot: str) -> Instrument:
    return Instrument(id=id, quote=quote, tick=Decimal(tick), lot=Decimal(lot))


_BTCUSDT = _instrument("BTCUSDT", "USDT", "0.01", "0.000001")
_BTCUSD_PERP = _instrument("BTCUSD-PERP", "USD", "0.1", "0.001")
_ADAUSDT_PERP = _instrument("ADAUSDT-PERP", "USDT", "0.0001", "1")
_EURUSD = _instrument("EURUSD", "USD", "0.00001", "1")
_NZDUSD = _instrument("NZDUSD", "USD", "0.00001", "1")

_SAMPLES = {
    one.name: one
    for one in (
        Sample("BTCUSDT-1m", _BTCUSDT, "1m"),
        Sample("BTCUSDT-1m-quotes", _BTCUSDT, "1m"),
        Sample("BTCUSD-PERP-1m", _BTCUSD_PERP, "1m"),
        Sample("BTCUSD-PERP-1m-quotes", _BTCUSD_PERP, "1m"),
        Sample("ADAUSDT-PERP-1m", _ADAUSDT_PERP, "1m"),
        Sample("ADAUSDT-PERP-1m-quotes", _ADAUSDT_PERP, "1m"),
        Sample("EURUSD-1h", _EURUSD, "1h"),
        Sample("NZDUSD-1h", _NZDUSD, "1h"),
    )
}


def samples() -> list[str]:
    """The names that `load_bars` takes, with the prefix: "sample:BTCUSDT-1m" and its like."""
    return [PREFIX + name for name in _SAMPLES]


def sample(name: str) -> Sample:
    """The sample of that name, with or without "sample:"; raises NotFoundError that names those there are."""
    bare = name.removeprefix(PREFIX)
    if bare not in _SAMPLES:
        hint = did_you_mean(bare, _SAMPLES)
        raise NotFoundError(f"there is no sample {bare!r}{hint}; the samples are: {', '.join(_SAMPLES)}")
    return _SAMPLES[bare]
