# Every target is documented by its `##` line; `make help` prints them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
CLUSTER ?= auto
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install up down dev test check format unit integration e2e chaos bench images dist lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(BIN)/.installed ## Make the virtual environment
$(BIN)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) dev/python.py
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@

up: install ## Bring everything up on a real Kubernetes and ask it a question
	@$(BIN)/python -m dev.up up --cluster $(CLUSTER)

down: $(if $(wildcard $(BIN)/.installed),,install) ## Remove what `make up` made
	@$(BIN)/python -m dev.up down --cluster $(CLUSTER)

dev: install ## Run engine and panel on 127.0.0.1 without Kubernetes
	@$(BIN)/python -m dev.trial

test: check unit integration e2e ## Run all tests

check: install ## Lint, types, architecture, spelling, dead code
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/deptry . && $(BIN)/vulture && $(BIN)/codespell && $(BIN)/yamllint --strict .

format: install ## Format the sources and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

unit: install ## Fast tests, no network
	@$(BIN)/pytest -q tests/unit --timeout 20

integration: install ## Tests against a real PostgreSQL, API server and browser
	@$(BIN)/python -m dev.cluster prepare && $(BIN)/pytest -q tests/integration --timeout 300 -n 2 --dist loadfile

e2e: install ## Tests of the whole product on a running cluster
	@$(BIN)/python -m dev.up test --cluster $(CLUSTER)

chaos: install ## Break real engines under load and judge what they did
	@$(BIN)/python -m dev.cluster prepare && PYTHONPATH=tests:. $(BIN)/python -m support.chaos --mutations all

bench: install ## Print the measurements
	@$(BIN)/python -m bench

images: install ## Build the container images
	@$(BIN)/python -m dev.images build

dist: install ## Write the files that are made of others: install.yaml, config/, the chart's README
	@$(BIN)/python -m dev.dist

lock: install ## Write requirements/*.txt anew from pyproject.toml
	@for set in "operator:--extra operator" "engine:--extra engine --extra web" "build:--group build" "postgres:--group postgres" "dev:--all-extras --group dev"; do \
	  $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 $${set#*:} pyproject.toml -o requirements/$${set%%:*}.txt || exit 1; done

clean: ## Remove caches and the virtual environment
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build
