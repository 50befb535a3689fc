# make run    everything from a fresh clone to a listening server
# make reload the server that runs takes up the code on the disk; nobody notices
# make test   the whole suite, on SQLite and on PostgreSQL
# make test-browser   of it what needs a browser, on SQLite
# make test-faults   what survives when things are killed, filled up, cut off; on both databases
# make screenshots    docs/screenshots anew, of each kind of page
# make check  lint, types, layers, migrations, deployment settings
# make docs    docs/openapi.yaml and docs/collection.json anew, of the code, with what it answers
# make bench   docs/benchmarks.md anew: requests beside other servers' on the same rows
# make bench-evidence   docs/benchmarks.md anew: statistics of 100,000 outputs
# make bench-admin   docs/benchmarks.md anew: the admin among 100,000 prompts
# make bench-scale   docs/benchmarks.md anew: lists and searches among a million prompts

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run reload test test-browser test-faults screenshots check docs bench bench-scale bench-evidence bench-admin format clean

run: $(VENV)/runtime
	@exec $(BIN)/python -m promptcrafter.serve

reload: $(VENV)/runtime
	@exec $(BIN)/python -m promptcrafter.server.instance

test: $(VENV)/development
	@$(BIN)/python -m tests $(ARGS)

test-browser: $(VENV)/development
	@env -u TEST_DATABASE_URL REQUIRE_CHROMIUM=1 $(BIN)/python -m pytest tests/test_*_in_chromium.py $(ARGS)

test-faults: $(VENV)/development
	@$(BIN)/python -m tests tests/faults $(ARGS)

screenshots: $(VENV)/development
	@$(BIN)/python -m tests.screenshots $(ARGS)

check: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m tests.deployment makemigrations --check --dry-run
	@$(BIN)/python -m tests.deployment check --deploy --fail-level WARNING
	@$(BIN)/python -m tests.deployment spectacular --validate --fail-on-warn --file /dev/null

docs: $(VENV)/development
	@$(BIN)/python -m tests.reference

bench: $(VENV)/development .venv-bench/installed
	@$(BIN)/python -m tests.benchmarks.compare $(ARGS)

bench-scale: $(VENV)/development
	@$(BIN)/python -m tests.benchmarks.scale $(ARGS)

bench-evidence: $(VENV)/development
	@$(BIN)/python -m tests.benchmarks.evidence $(ARGS)

bench-admin: $(VENV)/development
	@$(BIN)/python -m tests.benchmarks.admin $(ARGS)

format: $(VENV)/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-bench

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit("PromptCrafter needs Python 3.11 or newer; set PYTHON=… to one.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { echo "Your Python has no venv module; on Debian: apt install python3-venv." >&2; exit 1; }
	@touch $@

$(VENV)/runtime: $(VENV)/created requirements.txt
	@echo "Installing what requirements.txt pins into $(VENV) ..."
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/development: $(VENV)/created requirements.txt requirements-dev.txt
	@echo "Installing what requirements-dev.txt pins into $(VENV) ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@ $(VENV)/runtime

.venv-bench/installed: tests/benchmarks/requirements.txt requirements.txt
	@echo "Installing what tests/benchmarks/requirements.txt pins into .venv-bench ..."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install -r tests/benchmarks/requirements.txt
	@touch $@
