# `make` lists the commands. All of them work in a fresh clone that has only make and Python >= 3.11: what they need goes
# into .venv, and what Podman needs is installed by tests/environment.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# the demo and the tests run with a Podman of their own, and leave nothing behind
PODMAN := $(PYTHON) -m tests.environment
# what needs a Podman is tested with others than yours, too (tests/environment/legs.py), where these can be had; `LEGS=` for none
LEGS ?= rootful-5 rootless
LEG_OPTIONS ?= --if-possible
FUZZ_EXAMPLES ?= 20000
# which benchmarks: pods, kubelet, exec, ...
BENCH ?= *

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs bench fuzz clean
.DELETE_ON_ERROR:

help:  ## list the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -nE 's/^([a-z]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## see Pods run: a Job, shared volumes, init containers, back-off
	@$(PODMAN) --demo -- $(BIN)/python docs/examples/quickstart.py

test: $(VENV)/.test  ## run all tests, and those that need a Podman with two others beside yours
	$(PODMAN) $(PODMAN_OPTIONS) -- $(BIN)/python -m pytest $(PYTEST_ARGS)
	@test -z "$(LEGS)" || $(MAKE) --no-print-directory -j2 --output-sync=target $(LEGS:%=leg-%)

leg-%: $(VENV)/.test
	$(PODMAN) $(LEG_OPTIONS) --leg $* -- $(BIN)/python -m pytest -p no:cacheprovider tests/conformance tests/contract/runtime tests/podman

lint: $(VENV)/.lint  ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs  ## build the documentation in docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

bench: $(VENV)/.bench  ## measure, side by side with others (BENCH=pods: one of them)
	$(PODMAN) -- sh -e -c 'for file in tests/bench/bench_$(BENCH).py; do \
	  echo "== $$file"; $(BIN)/python -m tests.bench.$$(basename $$file .py); done'

fuzz: $(VENV)/.test  ## try many more bad inputs than the tests do (FUZZ_EXAMPLES of each sort)
	PODKIT_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q --timeout=0 tests/unit/codec/test_bad_input.py

clean:  ## remove all that the other commands made
	rm -rf $(VENV) build dist docs/_build docs/jupyter_execute .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each dependency group, made anew when the groups change.
$(VENV)/.demo: GROUPS_WANTED :=
$(VENV)/.test: GROUPS_WANTED := --group test
$(VENV)/.lint: GROUPS_WANTED := --group lint
$(VENV)/.docs: GROUPS_WANTED := --group docs
$(VENV)/.bench: GROUPS_WANTED := --group bench
$(VENV)/.demo $(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.bench: pyproject.toml | $(VENV)/.made
	@echo "installing podkit $(GROUPS_WANTED)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --editable . $(GROUPS_WANTED)
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "podkit needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m tests.environment.bootstrap $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@
