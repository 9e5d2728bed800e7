# GridCircle. `make demo` and `make test` do all set-up themselves.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

# The independent oracle, where it lies beside the project.
ORACLE := $(wildcard ../shared/acceptance/oracle.py)
ifneq ($(ORACLE),)
export GRIDCIRCLE_ACCEPTANCE ?= $(abspath $(dir $(ORACLE)))
endif

.PHONY: help demo test test-full lint bench bench-large bench-api bench-maps audit-deps serve docs clean system
help:
	@echo "make demo       audit the shipped example into out/"
	echo "make test       lint, types, import contracts and the test suite (under 12 minutes)"
	echo "make test-full  the long suites as well (under 90 minutes)"
	echo "make bench      time our kernels against their peers in one run"
	echo "make bench-api  time the service against its peers, CPU ms per request"
	echo "make bench-maps  our map against plain Folium in headless Chromium"
	echo "make bench-large  audit a megacity: seconds and memory by step"
	echo "make serve      serve out/ on http://127.0.0.1:8000"
	echo "make audit-deps  what is known against our dependencies (pip-audit)"
	echo "make docs       build the documentation into site/"

$(VENV)/.base: pyproject.toml
	@$(PYTHON) tools/setup_env.py --venv $(VENV) --extras all
	touch $@

$(VENV)/.dev: pyproject.toml
	@$(PYTHON) tools/setup_env.py --venv $(VENV) --extras dev,docs
	touch $(VENV)/.base $@

$(VENV)/.bench: pyproject.toml
	@$(PYTHON) tools/setup_env.py --venv $(VENV) --extras all,bench
	touch $(VENV)/.base $@

demo: $(VENV)/.base
	@$(BIN)/gridcircle demo -o out

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

system:
	@bash tools/system_packages.sh

test: $(VENV)/.dev system lint
	@$(BIN)/pytest -m "not full" -n $(JOBS) --dist worksteal

test-full: export GRIDCIRCLE_QGIS := 1
test-full: $(VENV)/.dev system lint
	@GRIDCIRCLE_EXAMPLES=explore $(BIN)/pytest -n $(JOBS) --dist worksteal

bench-large: $(VENV)/.base
	@$(BIN)/python -m benchmarks.large

bench: $(VENV)/.bench
	@$(BIN)/python -m benchmarks

bench-maps: $(VENV)/.bench system
	@$(BIN)/python -m benchmarks.maps
	$(BIN)/python -m benchmarks.dragging

bench-api: $(VENV)/.bench system
	@$(BIN)/python -m benchmarks.serving

audit-deps: $(VENV)/.dev
	@$(BIN)/python -m pip install -q pip-audit || true
	$(BIN)/python tools/audit_deps.py

serve: $(VENV)/.base
	@test -d out || $(BIN)/gridcircle demo -o out
	$(BIN)/gridcircle serve out

docs: $(VENV)/.dev
	@$(BIN)/mkdocs build --strict

clean:
	@rm -rf $(VENV) out site dist
