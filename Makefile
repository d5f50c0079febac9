# make lab opens the app, make test runs every check and test; both set up .venv first. Needs Python 3.11+, venv, pip, make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: lab test check slow gpu bench clean setup

lab: $(STAMP)
	$(BIN)/genlab

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto -m 'not slow and not gpu'

slow: $(STAMP)
	$(BIN)/pytest -m 'slow and not gpu' --timeout 3600

gpu: $(STAMP)
	$(BIN)/pytest -m gpu --timeout 3600

bench: $(STAMP)
	$(BIN)/genlab bench

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
