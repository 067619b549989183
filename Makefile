# make demo   real images to checked numbers, with a report
# make test   lint, types, layers, tests (what CI runs)
# make bench  every figure with its baseline beside it -> bench.json
# make bench-deep  figures of networks, trained here (forty minutes) -> bench-deep.json
PYTHON ?= python3
BIN := .venv/bin
EXTRAS := test
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-deep lint types layers unit clean

help:
	@grep '^# make' Makefile | cut -c3-

.venv/.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Graticule needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up .venv (once; a minute or two) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

demo: .venv/.stamp
	@$(BIN)/graticule demo

lint: .venv/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.stamp
	$(BIN)/mypy

layers: .venv/.stamp
	$(BIN)/lint-imports

unit: .venv/.stamp
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

test: lint types layers unit

bench: .venv/.stamp
	$(BIN)/graticule bench

bench-deep: .venv/.stamp
	$(BIN)/graticule bench --deep

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis bench.json graticule-demo
