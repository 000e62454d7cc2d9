"""The samples are the recorded bytes, and their instruments fit them."""

import hashlib
import re
from importlib.resources import files

import numpy as np
import pytest

from tradekit.data.load import load_bars
from tradekit.data.samples import sample, samples
from tradekit.errors import NotFoundError

FOLDER = files("tradekit.data") / "samples"
HASHES = dict(
    (name, digest)
    for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", (FOLDER / "PROVENANCE.md").read_text(), re.M)
)


def test_the_provenance_file_names_every_sample_and_no_other() -> None:
    assert set(HASHES) == {f"{name.removeprefix('sample:')}.csv.gz" for name in samples()}
    assert set(HASHES) == {file.name for file in FOLDER.iterdir() if file.name.endswith(".gz")}


@pytest.mark.parametrize("name", samples())
def test_a_sample_is_the_file_of_the_provenance(name: str) -> None:
    file = sample(name).file
    assert hashlib.sha256(file.read_bytes()).hexdigest() == HASHES[file.name]


@pytest.mark.parametrize("name", samples())
def test_every_price_of_a_sample_stands_on_its_tick(name: str) -> None:
    bars = load_bars(name)
    tick = sample(name).instrument.tick
    assert tick is not None
    recorded = bars.filter(regex="^(bid|ask)_(open|high|low|close)$")
    if recorded.empty:
        recorded = bars[["open", "high", "low", "close"]]
    steps = recorded.to_numpy() / float(tick)
    assert np.abs(steps - np.round(steps)).max() < 1e-6


def test_the_recorded_counts_come_back() -> None:
    counts = {name: (len(bars), bars.attrs["warnings"]) for name in samples() for bars in [load_bars(name)]}
    assert counts == {
        "sample:BTCUSDT-1m": (1440, {}),
        "sample:BTCUSDT-1m-quotes": (721, {}),
        "sample:BTCUSD-PERP-1m": (1439, {"gaps": 1}),
        "sample:BTCUSD-PERP-1m-quotes": (1104, {"gaps": 184}),
        "sample:ADAUSDT-PERP-1m": (1440, {}),
        "sample:ADAUSDT-PERP-1m-quotes": (1100, {"gaps": 194}),
        "sample:EURUSD-1h": (6287, {"gaps": 61, "bid_above_ask": 44}),
        "sample:NZDUSD-1h": (6329, {"gaps": 56, "bid_above_ask": 5}),
    }


def test_an_unknown_sample_is_answered_with_the_nearest_name_and_all_of_them() -> None:
    with pytest.raises(
        NotFoundError, match=r"no sample 'btcusdt-1M' \(did you mean 'BTCUSDT-1m'\?\).*NZDUSD-1h"
    ):
        load_bars("sample:btcusdt-1M")
