# Every target builds the environment it needs in .venv, from hash-pinned files, with git, make and python3 alone.
PYTHON ?= python3
VENV := .venv
# How long `make fuzz` looks for files that the handlers cannot take.
FUZZ_SECONDS ?= 600
# For JupyterLab, --no-browser for example.
LAB_OPTIONS ?=
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help lab demo test fuzz lint lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

lab: $(VENV)/.workbench ## Start the local AWS, deploy the stack, open JupyterLab
	$(BIN)/imageproc local start
	$(BIN)/imageproc deploy --yes
	JUPYTER_CONFIG_PATH=$(abspath jupyter) $(BIN)/python -m jupyterlab $(LAB_OPTIONS)

demo: $(VENV)/.workbench ## Show the whole flow in the terminal, on the local AWS
	$(BIN)/imageproc demo

test: lint ## Run all checks and tests
	$(BIN)/python -m pytest --numprocesses 2

fuzz: $(VENV)/.dev ## Look for hostile files that the handlers cannot take, for FUZZ_SECONDS
	$(BIN)/python -W error -m tests.reliability.fuzz --seconds $(FUZZ_SECONDS)

lint: $(VENV)/.dev ## Check style and types (the tests check the template)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(VENV)/.dev ## Pin the requirements anew from pyproject.toml
	PATH=$(abspath $(BIN)):$$PATH sh requirements/lock.sh

clean: ## Stop the local AWS, remove the environment and what was built
	-@test ! -x $(BIN)/imageproc || $(BIN)/imageproc local stop
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "imageproc needs Python 3.11 or newer: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Building the environment in $(VENV) (once)..."
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make environments here; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# The development environment holds the workbench's, so its stamp serves for both.
$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.dev $(VENV)/.workbench

$(VENV)/.workbench: requirements/workbench.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --require-hashes -r requirements/workbench.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.workbench
