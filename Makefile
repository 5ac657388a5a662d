# `make` lists the commands. All of them work in a fresh clone that has only make and Python >= 3.11: what they need goes
# into .venv, and what Podman needs is installed by tests/environment.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# the demo and the tests run with a Podman of their own, and leave nothing behind
PODMAN := $(PYTHON) -m tests.environment
# programs in Go that live for a moment, and Podman starts many, have better things to do than to look for garbage
TEST_PODMAN := GOGC=400 $(PODMAN)
# what needs a Podman is tested with others than yours, too (tests/environment/legs.py), where these can be had; `LEGS=` for none
LEGS ?= rootful-5 rootless
LEG_OPTIONS ?= --if-possible
# how many parts of the tests run side by side
LANES ?= $(shell nproc 2>/dev/null || echo 2)
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

# The parts of the tests. Each has a Podman of its own, and so they can run side by side; `others` is what is in no other part.
TESTS_conformance := tests/conformance
TESTS_engine := tests/contract/runtime tests/podman
TESTS_programs := tests/e2e tests/testing_plugin
NAMED := $(TESTS_conformance) $(TESTS_engine) $(TESTS_programs)
# what takes longest begins first, so that no lane is left alone with it at the end
PARTS = tests-conformance $(LEGS:%=leg-%) tests-others tests-programs tests-engine
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider

test: $(VENV)/.test  ## run all tests, and what needs a Podman with two more (PYTEST_ARGS=...: only these tests, with yours)
ifdef PYTEST_ARGS
	$(PODMAN) $(PODMAN_OPTIONS) -- $(BIN)/python -m pytest $(PYTEST_ARGS)
else
	@echo "$(LANES) of these at a time, and what each says when it has ended: $(PARTS)"
	@$(MAKE) --no-print-directory --keep-going -j$(LANES) --output-sync=target $(PARTS)
endif

tests-others: $(VENV)/.test
	$(PYTEST) $(NAMED:%=--ignore=%)

tests-%: $(VENV)/.test
	$(TEST_PODMAN) $(PODMAN_OPTIONS) -- $(PYTEST) $(TESTS_$*)

leg-%: $(VENV)/.test
	$(TEST_PODMAN) $(LEG_OPTIONS) --leg $* -- $(PYTEST) $(TESTS_conformance) $(TESTS_engine)

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
