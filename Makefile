# Everything runs in a virtual environment of its own, .venv. All paths are relative: the folder's name may hold spaces.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet
DEMO_CASE := .demo/auditrail.duckdb
WORKERS ?= 2

.PHONY: test-exhaustive help demo test lint golden bench clean

help:
	@echo "make demo    load the demo evidence and show the run that did harm"
	@echo "make test    all tests"
	@echo "make lint    ruff and mypy"
	@echo "make golden  write the expected outputs of the tests anew; review the difference before committing it"
	@echo "make bench   measure beside bare DuckDB (QUICK=1 for a small round)"
	@echo "make clean   remove what the other targets made"

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "auditrail needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(PIP) install --editable .
	@$(RUN) -m compileall -q auditrail # as an installed package is: compiling at each start would cost more than the start
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.base
	$(PIP) install --editable '.[dev]'
	@touch $@

demo: $(VENV)/.base
	@rm -rf .demo && mkdir .demo
	@$(RUN) -m auditrail ingest fixtures/demo/evidence --case $(DEMO_CASE)
	@echo
	@$(RUN) -m auditrail reconstruct run-7f3a91 --case $(DEMO_CASE) --no-pager
	@echo
	@$(RUN) -m auditrail gaps --case $(DEMO_CASE) --no-pager --fail-on never

test-exhaustive: $(VENV)/.dev
	AUDITRAIL_EXHAUSTIVE=1 $(RUN) -m pytest -n $(WORKERS) tests/verify/test_byte_flips.py

test: $(VENV)/.dev
	@# Tests start hundreds of commands; where the environment forbids writing bytecode, each would compile anew.
	@$(RUN) -m compileall -q auditrail
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal

lint: $(VENV)/.dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

golden: $(VENV)/.dev
	AUDITRAIL_UPDATE_GOLDEN=1 $(RUN) -m pytest -q -n $(WORKERS)

bench: $(VENV)/.dev
	$(RUN) benchmarks/run.py $(if $(QUICK),--quick)

clean:
	rm -rf $(VENV) .demo build dist benchmarks/data .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
