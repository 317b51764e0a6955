# The two commands that matter: `make demo` and `make test`. Everything else is for developers.
SHELL := /bin/bash
.DEFAULT_GOAL := help

DEMO_DIR := var/demo
DAYBOOK := .venv/bin/daybook
# Compiling at set-up halves every later start; some build machines forbid writing bytecode.
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE
export PYTHONHASHSEED := 0
export DO_NOT_TRACK := 1

ifneq ($(wildcard ../shared/data),)
export DAYBOOK_REFERENCE_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help setup demo up test fault check format golden bench docs clean system-packages

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.ready ## make the Python environment (uv is installed where missing)

.venv/.ready: pyproject.toml uv.lock scripts/install_uv.sh
	@bash scripts/install_uv.sh
	@PATH="$$HOME/.local/bin:$(CURDIR)/.uv/bin:$$PATH" uv sync --frozen
	@touch $@

demo: setup ## simulate a broker, load it, close its days, make a statement and a filing
	@PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/demo.sh $(DEMO_DIR)

up: setup ## start the dashboards (8501) and Dagster (3000) over the demo; Ctrl-C stops both
	@exec $(DAYBOOK) up

system-packages:
	@bash scripts/system_packages.sh

test: setup system-packages ## install what the tests need, then run all of them
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

fault: setup system-packages ## kill -9 `daybook sync` 200 times while its sources change
	@FAULT_KILLS=200 .venv/bin/python -m pytest tests/services/test_random_kills.py -s $(PYTEST_ARGS)

check: setup ## what continuous integration checks beside the tests: style, types, floors, dbt
	@bash scripts/check.sh

format: setup ## format Python and SQL
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format . && .venv/bin/sqlfmt dbt_project

golden: setup ## write the golden files anew; commit them with the reason
	@.venv/bin/python -m pytest -m golden --golden-update

docs: setup ## write the data dictionary, the rule catalogue and the list of metrics anew
	@.venv/bin/python -m scripts.make_metrics
	@.venv/bin/python -m scripts.make_docs

bench: setup ## every benchmark; results in benchmarks/results.json and docs/benchmarks.md
	@.venv/bin/python -m benchmarks all --json && .venv/bin/python -m benchmarks report

clean: ## remove the demo and what tests left
	@rm -rf var .pytest_cache .mypy_cache .ruff_cache dbt_project/target
