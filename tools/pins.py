"""Write constraints.txt: what pip resolves for the full development install, on every Python line we test.

It knows no package by name and keeps no address: pip decides, this file only notes the versions down.
Give it the oldest patch release of each line that must work (Debian 12 has 3.11.2): some packages ask for a
later patch, and a pin resolved on one cannot be installed on the other.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "dev,ccxt,alpaca,ib,alerts,data,fast,bench,testing"
HEADER = """\
# Every package of the full development install, all extras included, as pip resolved them.
# Written by `make pins` on Python {}; do not edit. Used by `make` and good for any install:
#     pip install -c constraints.txt -e ".[dev]"
# Broker libraries hold a few back (ccxt: cffi, idna; ib_async: tzdata), so that all extras install together.
# Packages that only Windows or macOS need are not listed.
"""

Version = tuple[int, int]
Pins = dict[str, str]


def main(argv: list[str] | None = None) -> int:
    """Resolve with each `--python` and write `--out`; returns the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--python", action="append", dest="pythons", metavar="EXE", help="repeat for each line"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "constraints.txt")
    options = parser.parse_args(argv)
    resolved: dict[Version, Pins] = {}
    patches: list[str] = []
    for name in options.pythons or ["python3.11", "python3.12"]:
        python = shutil.which(name)
        if python is None:
            sys.stderr.write(f"pins: {name} is not on PATH; name the interpreters with --python EXE\n")
            return 2
        patches.append(_release(python))
        sys.stderr.write(f"pins: resolving on Python {patches[-1]}\n")
        major, minor = patches[-1].split(".")[:2]
        resolved[int(major), int(minor)] = _resolve(python)
    head = HEADER.format(" and ".join(patches))
    options.out.write_text(head + "\n".join(_lines(resolved)) + "\n", encoding="utf-8")
    return 0


def _release(python: str) -> str:
    """That interpreter's release, e.g. 3.11.2."""
    code = "import platform; print(platform.python_version())"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _resolve(python: str) -> Pins:
    """Ask the pip of a new virtual environment what it would install."""
    with tempfile.TemporaryDirectory(prefix="tradekit-pins-") as folder:
        venv, report = Path(folder, "venv"), Path(folder, "report.json")
        subprocess.run([python, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        what = ["--dry-run", "--ignore-installed", "--report", str(report), f"{ROOT}[{EXTRAS}]"]
        subprocess.run([*pip, *what], check=True)
        found = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    return {_canonical(meta["name"]): meta["version"] for meta in found if meta["name"] != "tradekit"}


def _canonical(name: str) -> str:
    """Spell a package's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _lines(resolved: dict[Version, Pins]) -> list[str]:
    """One line a package, or one for each run of Python versions that agree on it."""
    versions = sorted(resolved)
    lines: list[str] = []
    for name in sorted({name for pins in resolved.values() for name in pins}):
        runs: list[tuple[int, int, str | None]] = []  # first and last index into versions, pinned version
        for index, version in enumerate(versions):
            pinned = resolved[version].get(name)
            if runs and runs[-1][2] == pinned:
                runs[-1] = (runs[-1][0], index, pinned)
            else:
                runs.append((index, index, pinned))
        for first, last, pinned in runs:
            if pinned is not None:
                lines.append(f"{name}=={pinned}{_marker(versions, first, last)}")
    return lines


def _marker(versions: list[Version], first: int, last: int) -> str:
    """The environment marker for versions[first..last]; the ends are open towards older and newer lines."""
    bounds = []
    if first > 0:
        bounds.append('python_version >= "{}.{}"'.format(*versions[first]))
    if last < len(versions) - 1:
        bounds.append('python_version < "{}.{}"'.format(*versions[last + 1]))
    return " ; " + " and ".join(bounds) if bounds else ""


if __name__ == "__main__":
    sys.exit(main())
