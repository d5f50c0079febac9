# make lab opens the app, make test runs every check and test; both set up .venv first. Needs Python 3.11+, venv, pip, make.
# make screenshots runs what README shows and draws it anew.
# make soak tries every fault for about an hour and puts the table into README; where it was stopped, it goes on. make audit needs a network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: lab test check slow gpu soak audit bench screenshots clean setup

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

soak: $(STAMP)
	$(BIN)/python -m tests.faults.soak --folder .soak --table .soak

audit: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt 'pip-audit>=2.7'
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

bench: $(STAMP)
	$(BIN)/genlab bench

screenshots: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.screenshots docs

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
