#!/usr/bin/env bash
# Make .venv ready. `tools/setup.sh run` installs what a trader needs, `lab` what the notebooks use too, `dev` what the
# tests need, `bench` what the benchmarks measure against as well.
# Takes the interpreter from $PYTHON if set. Knows nothing of stamps: the Makefile decides when to call it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind="${1:-run}"
case "$kind" in
  run) what="." ;;
  lab) what=".[data]" ;;
  dev) what=".[dev]" ;;
  bench) what=".[dev,bench]" ;;
  *) echo "setup: usage: tools/setup.sh run|lab|dev|bench" >&2; exit 2 ;;
esac

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    is_new_enough "$PYTHON" && { echo "$PYTHON"; return; }
    echo "setup: PYTHON=$PYTHON is missing or older than Python 3.11; name another one" >&2
    return 1
  fi
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    is_new_enough "$candidate" && { echo "$candidate"; return; }
  done
  echo "setup: no Python 3.11 or newer on PATH; install one, or run: make PYTHON=/path/to/python3.11 $kind" >&2
  return 1
}

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# Install Debian packages as root; otherwise print the one line that does it, and stop.
install_packages() {
  local line="apt-get install -y --no-install-recommends $*"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing Debian packages: $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    echo "setup: missing: $*. Run this once, then the same make command again:" >&2
    echo "    sudo $line" >&2
    exit 1
  fi
}

missing=()
if ! is_new_enough .venv/bin/python; then
  python="$(find_python)"
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
  fi
fi
tests=true
case "$kind" in run | lab) tests=false ;; esac
if "$tests" && ! has_chromium >/dev/null; then
  missing+=(chromium)
fi
# What only some proofs and rows need: root brings it along, nobody else is stopped; those say what they lack.
if "$tests" && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  if ! command -v strace >/dev/null; then missing+=(strace); fi
  if ! command -v ip >/dev/null; then missing+=(iproute2); fi
  if [ "$kind" = bench ]; then
    if ! command -v redis-server >/dev/null; then missing+=(redis-server); fi
    if ! command -v nats-server >/dev/null; then missing+=(nats-server); fi
  fi
fi
if [ "${#missing[@]}" -gt 0 ]; then
  install_packages "${missing[@]}"
fi

if ! is_new_enough .venv/bin/python; then
  echo "setup: creating .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
fi

# By environment, and as a relative path, so that the isolated build is pinned too, in folders with spaces as well.
export PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1
echo "setup: installing tradekit and its packages into .venv (about a minute the first time)"
# What is imported is compiled then; compiling all that is installed takes a minute more, most of it for nothing.
.venv/bin/python -m pip install --quiet --progress-bar off --no-compile -e "$what"
