"""The example of the ccxt broker in docs/brokers.md runs as it is printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.process
def test_the_example_trades_at_the_local_venue() -> None:
    page = (ROOT / "docs" / "brokers.md").read_text(encoding="utf-8")
    (code,) = (one for one in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S) if "asyncio.run" in one)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    taken, doubt = done.stdout.splitlines()
    assert "What.NEW" in taken
    assert "Failed(call='submit', order='tk-2'" in doubt
