# make demo   real images to checked numbers, with a report
# make workbench  the page in which pipelines are seen and tuned, on an example
# make test   lint, types, layers, tests; every run tries the same
# make test-all  the same with the slow tests (what CI runs)
# make browser-test  the page in a browser; installs chromium where it is missing
# make docs   the documentation -> docs/_build/html/index.html
# make docs-quick  the same without what takes long: pictures, gallery, notebooks
# make screenshots  the pictures of the workbench in its documentation; needs chromium
# make bundle  the page from its sources (needs Node), and whether it is the one that is kept
# make explore  tests with new random examples for MINUTES=60 -> exploration.txt
# make bench  every figure with its baseline beside it -> docs/bench.json, the page Numbers of make docs
# make bench-web  figures of the workbench: views, sliders, many objects -> docs/bench.json, the page Numbers
# make bench-deep  figures that take hours: networks, streams -> docs/bench.json, the page Numbers
# make bench-reliability  damaged files, kills and full disks (an hour) -> docs/reliability.json, and its page
PYTHON ?= python3
BIN := .venv/bin
EXTRAS := test
MINUTES := 60
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help demo workbench browser-test screenshots bundle bench-web docs docs-quick test test-all explore bench bench-deep bench-reliability lint types layers unit clean

help:
	@grep '^# make' Makefile | cut -c3-

# $(call install,WHAT): what pip is to install
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Graticule needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up .venv (once; a minute or two) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '$(1)'
	@touch $@
endef

.venv/.stamp: pyproject.toml constraints.txt
	$(call install,.[$(EXTRAS)])

# what the demo needs is without the networks and without the tools of the tests
.venv/.plain: pyproject.toml constraints.txt
	$(call install,.)

demo: $(if $(wildcard .venv/.stamp),.venv/.stamp,.venv/.plain)
	@$(BIN)/graticule demo

workbench: .venv/.stamp
	@mkdir -p graticule-workbench
	@$(BIN)/graticule serve graticule-workbench

browser-test: .venv/.stamp
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "install chromium: apt-get install chromium" >&2; exit 1; }
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/web

screenshots: .venv/.stamp
	OMP_NUM_THREADS=1 $(BIN)/python tests/tools/screenshots.py

bundle:
	cd workbench && npm ci --silent --no-audit --no-fund && npm run --silent check && npm run --silent build
	@git diff --exit-code --stat src/graticule/web/static

# a warning is an error; the pages ask nothing of the net, neither when they are built nor when read
docs docs-quick: .venv/.stamp
	GRATICULE_DOCS_QUICK=$(if $(filter docs-quick,$@),1) OMP_NUM_THREADS=1 \
	  $(BIN)/python -m sphinx -b html -j auto -W --keep-going -q docs docs/_build/html
	$(BIN)/pytest -q tests/docs/test_built_pages.py
	@echo "docs/_build/html/index.html"

bench-web: .venv/.stamp
	$(BIN)/graticule bench --only W1 W2 W3 W4 W5 W6 W7 W8 W11 -o docs/bench.json

lint: .venv/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.stamp
	$(BIN)/mypy

layers: .venv/.stamp
	$(BIN)/lint-imports

unit: .venv/.stamp
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal $(if $(CI),,-m "not slow")

test: lint types layers unit

test-all:
	@$(MAKE) test CI=true

explore: .venv/.stamp
	OMP_NUM_THREADS=1 $(BIN)/python tests/tools/explore.py --minutes $(MINUTES)

bench: .venv/.stamp
	$(BIN)/graticule bench -o docs/bench.json

bench-deep: .venv/.stamp
	$(BIN)/graticule bench --deep -o docs/bench.json

bench-reliability: .venv/.stamp
	OMP_NUM_THREADS=1 $(BIN)/python -m graticule.testing.reliability \
	  --out docs/reliability.json --page docs/reliability.md

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis bench.json reliability*.json faults exploration.txt graticule-demo graticule-workbench docs/_build docs/reference docs/auto_gallery
