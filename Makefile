# The two commands that do everything are `make digest` and `make test`; the others are for those who change the code.

PYTHON ?= python3
VENV := .venv
CHECKERS := tests/checkers
BIN := $(VENV)/bin
# wheels only: nothing is compiled on your machine
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all:

.PHONY: digest test torture check checkers pictures bench clean

digest: $(VENV)/.ready ## letters in out/ from today's papers
	@$(BIN)/digest send --now

test: $(VENV)/.ready-dev ## the whole test suite
	$(BIN)/pytest

torture: $(VENV)/.ready-dev ## runs killed at every call and under load, and long random lives of the ledger; takes an hour
	$(BIN)/python -m tests.torture
	DIGEST_TORTURE=1 $(BIN)/pytest tests/ledger --timeout 3600

check: $(VENV)/.ready-dev ## format, lint, types, and the layers of docs/architecture.md
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

checkers: $(CHECKERS)/node_modules/.ready ## what tests check accessibility and markup with; needs Node.js and npm

pictures: $(VENV)/.ready-dev ## letters as pictures, in light and dark, into out/pictures; needs Chromium
	$(BIN)/python -m tests.letter.pictures out/pictures

bench: $(VENV)/.ready-dev ## how fast it starts, matches, tries out, typesets and delivers, beside the usual ways
	$(BIN)/python bench/start.py
	$(BIN)/python bench/match.py
	$(BIN)/python bench/trial.py
	$(BIN)/python bench/letter.py
	$(BIN)/python bench/deliver.py
	$(BIN)/python bench/archive.py
	$(BIN)/python bench/signups.py

clean: ## everything that was made here but letters and the store
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.ready: pyproject.toml | $(BIN)/python
	@echo "Setting up in $(VENV); this is done once."
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml | $(BIN)/python
	@$(INSTALL) --no-binary dkimpy --editable '.[dev]'
	@touch $@ $(VENV)/.ready

$(CHECKERS)/node_modules/.ready: $(CHECKERS)/package-lock.json
	@cd $(CHECKERS) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "digest needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt install make python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python has no venv here. On Debian or Ubuntu: sudo apt install make python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
