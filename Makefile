# One-word commands. Needs make and a Python >= 3.11 with venv; everything else goes into .venv.
#
# Three places hold what is installed, each with a stamp so that a second call is instant:
#   .venv            the toolkit and its development tools      constraints.txt
#   .venv-prefect    the real Prefect server that tests talk to tests/real_server/constraints.txt

VENV := .venv
PREFECT_VENV := .venv-prefect
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PREFECT_STAMP := $(PREFECT_VENV)/.installed
PREFECT_REQUIREMENTS := tests/real_server/requirements.txt
PREFECT_CONSTRAINTS := tests/real_server/constraints.txt
PIP_INSTALL := -m pip install -qq --disable-pip-version-check
PIP_FREEZE := -m pip --disable-pip-version-check freeze --exclude prefect-deployments-contract

# What prefect 3.8.8 runs on: rrules and date parsing are to be the same on both sides.
HOLD := python-dateutil==2.9.0.post0

# The first interpreter that is new enough and able to make an environment, or nothing.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)

# xdist: the tests that talk to a real server stay together (--dist loadgroup), see tests/conftest.py.
PYTEST_ARGS ?=
PYTEST := $(PY) -m pytest -n 2 --dist loadgroup --timeout 1200

# What tests are made with is typed like the rest; the tests themselves need not be.
TEST_TOOLS := tests/agreement tests/benchmark tests/planted_bugs tests/real_server tests/ui $(wildcard tests/*.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install install-prefect chromium demo test bench lint types proof releases npm bundle constraints python clean

help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## Make .venv with the toolkit and its development tools

install-prefect: $(PREFECT_STAMP)  ## Make .venv-prefect with the real server that tests talk to

chromium:  ## Install the browser that tests of the web UI use, if there is none (root or sudo)
	@tests/install_debian_package.sh chromium

demo: $(STAMP)  ## Start the mock on its fixture data, judge it by the contract suite, stop it
	@$(PY) -m tests.demo

test: $(STAMP) $(PREFECT_STAMP)  ## Run all tests (real server and browser included, under 15 minutes)
	@$(MAKE) --no-print-directory chromium || true
	$(PYTEST) -m "not proof and not releases and not npm" $(PYTEST_ARGS) tests

proof: $(STAMP) $(PREFECT_STAMP)  ## Run the longer proofs: standard profile, all seeds, big agreement
	$(PYTEST) -m proof $(PYTEST_ARGS) tests

bench: $(STAMP)  ## Measure the mock beside Prism, Connexion and a bare server (needs npm; wrk: root or sudo)
	@tests/install_debian_package.sh wrk
	@$(PY) -m tests.benchmark

releases: $(STAMP)  ## Judge real servers of four releases, 3.0 to 3.8
	$(PY) -m pytest --timeout 1200 -m releases $(PYTEST_ARGS) tests/real_server

npm: $(STAMP)  ## Have linters and a typed client from npm try the spec (needs node)
	$(PY) -m pytest -m npm $(PYTEST_ARGS) tests/openapi/test_npm.py

lint: $(STAMP)  ## Check style (ruff)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(STAMP)  ## Check types (mypy, strict)
	$(PY) -m mypy
	$(PY) -m mypy $(TEST_TOOLS)

bundle: $(STAMP)  ## Make openapi/bundle.json anew from the split files
	$(PY) -m openapi.bundle

constraints:  ## Resolve the newest versions that pyproject admits and write them down
	@$(MAKE) --no-print-directory python
	rm -rf build/resolve && mkdir -p build/resolve
	$(PYTHON) -m venv build/resolve/own && $(PYTHON) -m venv build/resolve/prefect
	build/resolve/own/bin/python $(PIP_INSTALL) -e '.[dev]' '$(HOLD)'
	build/resolve/prefect/bin/python $(PIP_INSTALL) -r $(PREFECT_REQUIREMENTS)
	build/resolve/own/bin/python $(PIP_FREEZE) > build/resolve/own.txt
	build/resolve/prefect/bin/python $(PIP_FREEZE) > build/resolve/prefect.txt
	mv build/resolve/own.txt constraints.txt
	mv build/resolve/prefect.txt $(PREFECT_CONSTRAINTS)
	rm -rf build/resolve

clean:  ## Remove both environments and what tools have cached
	rm -rf $(VENV) $(PREFECT_VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory python
	@rm -f $@
	@echo "Installing into $(VENV): a minute or two"
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) $(PIP_INSTALL) -e '.[dev]' -c constraints.txt
	@touch $@

$(PREFECT_STAMP): $(PREFECT_REQUIREMENTS) $(PREFECT_CONSTRAINTS)
	@$(MAKE) --no-print-directory python
	@rm -f $@
	test -x $(PREFECT_VENV)/bin/python || $(PYTHON) -m venv $(PREFECT_VENV)
	$(PREFECT_VENV)/bin/python $(PIP_INSTALL) -r $(PREFECT_REQUIREMENTS) -c $(PREFECT_CONSTRAINTS)
	@touch $@

python:
	@test -n "$(PYTHON)" || { \
	  echo "No usable Python found: this needs Python 3.11 or newer with the modules venv and" >&2; \
	  echo "ensurepip (Debian and Ubuntu: apt install python3-venv). If it is installed under" >&2; \
	  echo "another name: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
