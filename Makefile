PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
TYPESCRIPT := tests/clients/typescript

.PHONY: serve test acceptance robustness screenshots lint format bench

# Compiled bytecode is kept, although the environment may switch it off: compiling the tests again
# takes each of their processes four seconds.
test acceptance: export PYTHONDONTWRITEBYTECODE :=

serve: $(VENV)/.serve
	@exec $(BIN)/python manage.py serve $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses auto -m "not acceptance" $(ARGS)

acceptance: $(VENV)/.test $(TYPESCRIPT)/node_modules
	$(BIN)/python -m pytest --numprocesses auto -m acceptance $(ARGS)

robustness: $(VENV)/.test
	ROBUSTNESS_REQUESTS=20000 ROBUSTNESS_MUTATIONS=50000 ROBUSTNESS_STOPS=20 \
	ROBUSTNESS_BURST_S=30 \
	$(BIN)/python -m pytest tests/robustness --junitxml=robustness.xml $(ARGS)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python tests/plain_english.py

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.serve
	$(BIN)/python benchmarks/compare.py $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: $(wildcard requirements-*.txt) $(VENV)/.serve
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	    --target $(VENV)/older scikit-learn==1.5.2  # a notebook in the tests has this version
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	    --target $(VENV)/frames polars==2.1.0 polars-runtime-32==2.1.0 pyarrow==26.0.1  # so has one
	@touch $@

# The packages of the client in TypeScript, which is tested where npm is installed.
$(TYPESCRIPT)/node_modules: $(TYPESCRIPT)/package-lock.json
	@if command -v npm >/dev/null; \
	    then npm ci --prefix $(TYPESCRIPT) --no-audit --no-fund --silent && touch $@; \
	    else echo "npm is not installed: the client in TypeScript is not tested."; fi
