# The commands of a checkout. Each makes what it needs: a fresh machine needs Python and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
UNFINISHED := .venv/unfinished
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

# The stamp holds the folder that it was made in. A checkout that was moved, or whose Python is gone, installs again.
ifneq ($(shell test -x $(BIN)/python && cat $(INSTALLED) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
endif

.PHONY: help install demo test lint bench clean

help:
	@echo "make demo     everything on this machine, with examples, ready to curl"
	@echo "make test     the tests, on an embedded PostgreSQL or the one that DATABASE_URL names"
	@echo "make lint     ruff and mypy"
	@echo "make bench    figures beside their floors and peers"
	@echo "make install  .venv with the package and its tools, which the others share"
	@echo "make clean    removes .venv and caches; the data in .milepost stays"

install: $(INSTALLED)

demo: $(INSTALLED)
	@$(BIN)/milepost demo

test: $(INSTALLED)
	@$(BIN)/python -m pytest </dev/null

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(INSTALLED)
	@$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv that is marked unfinished, or has no pip that works, is what a killed install left: it is made again.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Milepost needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@if [ -e $(UNFINISHED) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making .venv ..."; $(PYTHON) -m venv --clear .venv; fi
	@touch $(UNFINISHED)
	@echo "Installing Milepost into .venv ..."
	@$(PIP) install --editable '.[embedded,test,dev]'
	@rm $(UNFINISHED)
	@echo '$(CURDIR)' > $@
