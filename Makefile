# One command each: `make demo` to look, `make test` to check. Both set themselves up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo lab test lint unit shells laws processes proofs browser prove bench pins setup clean

export PYTHON ?=
unexport PYTHONDONTWRITEBYTECODE # else each worker of each part, and each process a test starts, compiles all anew

PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q
WORKERS ?= 2
# where tests wait for servers and processes more than they work
WAITERS ?= 3
INPUTS := pyproject.toml constraints.txt tools/setup.sh $(wildcard hatch_build.py frontend/*.json frontend/src/*)

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 18

demo: .venv/.ready-run  ## a paper session on real bars and its dashboard; prints one address, Ctrl-C ends it
	@exec .venv/bin/tradekit demo

lab: .venv/.ready-lab  ## JupyterLab with the notebooks
	@exec .venv/bin/tradekit lab

test: lint unit shells laws processes proofs browser  ## everything a change must pass: lint, unit, shells, laws, processes, proofs at CI size, browser, notebooks

lint: .venv/.ready-dev  ## ruff, mypy --strict and the floors
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

unit: .venv/.ready-dev  ## the unit tests alone: what computes and does no I/O (under 30 s)
	$(PYTEST) -n $(WORKERS) -m "not shell and not law and not process and not proof and not browser and not notebook"

shells: .venv/.ready-dev  ## brokers against local servers, the bridge on a socket, journals, sessions, widgets, the command line
	$(PYTEST) -n $(WAITERS) -m "shell and not law and not process and not proof and not browser and not notebook"

laws: .venv/.ready-dev  ## the laws of the code, each on many examples
	$(PYTEST) -n $(WORKERS) -m "law and not process and not proof and not browser and not notebook"

processes: .venv/.ready-dev  ## what starts processes of its own, or waits for real time
	$(PYTEST) -n $(WAITERS) -m "process and not proof and not browser and not notebook"

proofs: .venv/.ready-dev  ## the promises, proved at CI size
	$(PYTEST) -n $(WAITERS) --dist worksteal -m "proof and not browser and not notebook"

browser: .venv/.ready-dev  ## the dashboard in Chromium, the notebooks in a real kernel
	$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "browser or notebook"

prove: .venv/.ready-dev  ## the promises at full size; writes docs/proofs.md
	$(PY) tools/prove.py

bench: .venv/.ready-bench  ## the benchmarks, each beside its limit and its peers in the same run
	$(PY) -m benchmarks

pins: .venv/.ready-dev  ## resolve constraints.txt anew (oldest python3.11 and python3.12, or PYTHONS="a b")
	$(PY) tools/pins.py $(addprefix --python ,$(PYTHONS))

setup: .venv/.ready-dev  ## only make .venv ready for the tests

clean:  ## remove the environment and the caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready-run: $(INPUTS)
	@tools/setup.sh run
	@touch $@

.venv/.ready-lab: $(INPUTS)
	@tools/setup.sh lab
	@touch .venv/.ready-run $@

.venv/.ready-dev: $(INPUTS)
	@tools/setup.sh dev
	@touch .venv/.ready-run .venv/.ready-lab $@

.venv/.ready-bench: $(INPUTS)
	@tools/setup.sh bench
	@touch .venv/.ready-run .venv/.ready-lab .venv/.ready-dev $@
