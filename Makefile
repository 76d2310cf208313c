.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# One more than cores: some tests wait a minute or two until something that was killed is missed.
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
# Byte code is kept, whatever the shell says: without it each of the hundreds of processes that the tests start would
# compile its libraries anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.venv/.ok: requirements.txt pyproject.toml
	@scripts/install_requirements.sh "$(PYTHON)"
	@touch $@

assets/.ok: .venv/.ok package.json package-lock.json scripts/assemble_assets.py
	@$(BIN)/python scripts/assemble_assets.py
	@touch $@

.PHONY: assets
assets: assets/.ok ## Assemble scripts, styles and fonts from locked packages

.PHONY: up
up: .venv/.ok assets/.ok ## Start the whole system with the sample company
	@exec $(BIN)/tieout up $(ARGS)

.PHONY: test
test: .venv/.ok assets/.ok ## Run the tests (add ARGS="-k name")
	@scripts/ensure_browser.sh
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: check
check: .venv/.ok ## Lint, types, floors, format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: golden
golden: .venv/.ok assets/.ok ## Rewrite the golden files, then look at the difference
	@$(BIN)/python -m pytest -q tests --update-golden -k golden; git --no-pager diff --stat tests/golden

.PHONY: bench
bench: .venv/.ok assets/.ok ## Measure speed beside peers and limits
	@$(BIN)/python -m scripts.bench $(ARGS)

.PHONY: faults
faults: .venv/.ok assets/.ok ## Kill, pause and cut everything while a period runs (ARGS="--kills 10000 --restarts 40")
	@$(BIN)/python -m scripts.faults $(ARGS)

.PHONY: lock
lock: ## Rewrite requirements.txt from pyproject.toml (needs uv)
	@uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --all-extras \
		--quiet pyproject.toml -o requirements.txt
