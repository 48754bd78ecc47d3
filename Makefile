# Every target builds the environment it needs in .venv, from hash-pinned files, with git, make and python3 alone.
PYTHON ?= python3
VENV := .venv
# How long `make fuzz` looks for files that the handlers cannot take.
FUZZ_SECONDS ?= 600
# Sections of the benchmarks, all of them if empty.
BENCH ?=
# For JupyterLab, --no-browser for example.
LAB_OPTIONS ?=
BIN := $(VENV)/bin
# checkov and pip-audit: they need other versions of what the project needs.
SECURITY_VENV := .venv-security
SECURITY_BIN := $(SECURITY_VENV)/bin
# AWS's own command line, for the tests that deploy by it.
AWSCLI_VENV := .venv-awscli
# Sphinx and what it needs, for the documentation site.
DOCS_VENV := .venv-docs
# Everything is read anew: what is kept from the last time would not be warned of again.
SPHINX := $(DOCS_VENV)/bin/python -m sphinx --quiet --fresh-env --fail-on-warning --keep-going
TEMPLATE := cloudformation/image-processing.yaml
INSTALL := sh requirements/install.sh
# A file's tests run in one worker, in the order that tests/conftest.py gives. Three for two cores: tests
# also wait, for pages and executions.
TEST_WORKERS := --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Environments are built, and checks run, side by side.
MAKEFLAGS += -j2

# Compiled modules are kept, whatever the shell says: a test run starts hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

# The tests that do more if they are given the time.
SOAKED := tests/reliability/test_crashes.py tests/reliability/test_fuzz.py tests/flow/test_throttling.py \
	tests/flow/test_kill.py tests/flow/test_imports.py tests/browser/test_every_field.py \
	tests/reliability/test_hostile.py tests/reliability/test_function_faults.py tests/core tests/catalog

# For `make screenshots`: `-k gallery`, for example.
SCREENS ?=

.PHONY: help lab app browser demo check test soak screenshots docs pages fuzz bench peers style lint judge audit lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-11s %s\n", $$1, $$2}'

lab: $(VENV)/.workbench ## Open JupyterLab on the first notebook, with the local AWS running
	$(BIN)/imageproc lab $(LAB_OPTIONS)

app: $(VENV)/.workbench ## Serve the web app on this machine, on the local AWS
	$(BIN)/imageproc local start
	$(BIN)/imageproc deploy --yes
	$(BIN)/imageproc app

demo: $(VENV)/.demo ## Show the whole flow in the terminal, on the local AWS
	$(BIN)/imageproc demo
	@MAKEFLAGS= $(MAKE) --no-print-directory $(VENV)/.workbench # JupyterLab and what else it did not need

check: style ## Check style and types, and run the quick tests: no local AWS, no browser
	$(BIN)/python -m pytest $(TEST_WORKERS) -m "not slow"

test: lint judge pages $(AWSCLI_VENV)/.made ## Run all checks and tests
	$(BIN)/python -m pytest $(TEST_WORKERS)

soak: $(VENV)/.dev ## Run the longest tests at length: 20 kills in 200 photos, a long burst, 10,000 photos imported, more damaged files and made-up examples
	SOAK=1 $(BIN)/python -m pytest $(SOAKED)

screenshots: $(VENV)/.dev ## Take the screenshots of all pages anew, into build/screenshots, and record what tests compare
	SCREENSHOTS=take $(BIN)/python -m pytest tests/browser/test_screens.py $(SCREENS)
	@echo "Look at build/screenshots, then commit docs/pictures and tests/browser/screens/expected."

docs: $(VENV)/.dev $(DOCS_VENV)/.made ## Build the documentation site into build/site; a warning is an error
	$(BIN)/python scripts/reference.py docs/reference/generated
	$(BIN)/python scripts/site_notebooks.py docs/notebooks
	$(SPHINX) -b html docs build/site
	@echo "The site is build/site/index.html"

pages: $(VENV)/.dev $(DOCS_VENV)/.made ## Check that the site would build without a warning; the notebooks are not run
	$(BIN)/python scripts/reference.py docs/reference/generated
	$(BIN)/python scripts/site_notebooks.py --not-run docs/notebooks
	$(SPHINX) -b dummy docs build/pages

fuzz: $(VENV)/.dev ## Look for hostile files that the handlers cannot take, for FUZZ_SECONDS
	$(BIN)/python -W error -m tests.reliability.fuzz --seconds $(FUZZ_SECONDS)

bench: $(VENV)/.dev ## Measure everything beside the best tools; fails if a target is missed
	$(BIN)/python -m benchmarks $(BENCH)

peers: ## Install the programs that `make bench` compares with (Debian and Ubuntu, as root); without them they are left out
	apt-get update -qq && apt-get install -qq -y --no-install-recommends exiv2 graphicsmagick imagemagick-6.q16 libimage-exiftool-perl libjpeg-turbo-progs libvips-tools >/dev/null

style: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint: style $(SECURITY_VENV)/.made ## Check style, types, and the template by cfn-lint's and checkov's rules
	$(BIN)/cfn-lint --ignore-checks W1020 -- $(TEMPLATE) # a definition is put there before it is deployed
	$(SECURITY_BIN)/checkov --framework cloudformation --skip-download --quiet --compact --file $(TEMPLATE)

judge: $(VENV)/.dev ## Ask an IAM simulator, an ASL validator and cdk-nag about the template; skipped without Node.js
	$(BIN)/python -m tests.judge

audit: $(SECURITY_VENV)/.made ## Look for known weaknesses in the locked packages (asks a service on the network)
	@for lock in workbench dev lambda embedding security awscli docs; do \
		echo "requirements/$$lock.txt"; \
		$(SECURITY_BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes --requirement requirements/$$lock.txt || failed=1; \
	done; test -z "$$failed"

browser: ## Install Chromium, which the browser tests use (Debian and Ubuntu, as root); without it they are skipped
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; }

lock: $(VENV)/.dev ## Pin the requirements anew from pyproject.toml
	PATH=$(abspath $(BIN)):$$PATH sh requirements/lock.sh

clean: ## Stop the local AWS, remove the environment and what was built
	-@test ! -x $(BIN)/imageproc || $(BIN)/imageproc local stop
	rm -rf $(VENV) $(SECURITY_VENV) $(AWSCLI_VENV) $(DOCS_VENV) docs/notebooks docs/reference/generated build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info tests/judge/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "imageproc needs Python 3.11 or newer: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Building the environment in $(VENV) (once)..."
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make environments here; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# It installs what follows. Without it, on a platform that it is not made for, pip does.
$(BIN)/uv: requirements/install.txt | $(BIN)/python
	-@$(INSTALL) $(BIN)/python --require-hashes -r requirements/install.txt
	@test ! -f $@ || touch $@

# The development environment holds the workbench's, and that what `make demo` needs: its stamp serves for all.
$(VENV)/.dev: requirements/dev.txt | $(BIN)/uv
	$(INSTALL) $(BIN)/python --require-hashes -r requirements/dev.txt
	$(INSTALL) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.dev $(VENV)/.workbench $(VENV)/.demo

$(VENV)/.workbench: requirements/workbench.txt | $(BIN)/uv
	$(INSTALL) $(BIN)/python --require-hashes -r requirements/workbench.txt
	$(INSTALL) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.workbench $(VENV)/.demo

$(VENV)/.demo: requirements/demo.txt | $(BIN)/uv
	$(INSTALL) $(BIN)/python --require-hashes -r requirements/demo.txt
	$(INSTALL) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.demo

# Environments of one lock each.
$(SECURITY_VENV)/.made $(AWSCLI_VENV)/.made $(DOCS_VENV)/.made: .venv-%/.made: requirements/%.txt | $(BIN)/uv
	@echo "Building the environment in $(@D) (once)..."
	@$(BIN)/python -m venv $(@D)
	@$(INSTALL) $(@D)/bin/python --require-hashes -r $<
	@touch $@
