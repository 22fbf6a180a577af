# The commands of a checkout. Each makes what it needs: a fresh machine needs Python and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input

# Stamps: what the demo needs is installed, everything is installed, an install was begun and has not ended.
RUNNABLE := .venv/runnable
INSTALLED := .venv/installed
UNFINISHED := .venv/unfinished

# A stamp holds the folder that it was made in. A checkout that was moved, or whose Python is gone, installs again.
ifneq ($(shell test -x $(BIN)/python && cat $(RUNNABLE) 2>/dev/null),$(CURDIR))
.PHONY: $(RUNNABLE) $(INSTALLED)
endif

.NOTPARALLEL:
.PHONY: help install demo test lint bench clean

help:
	@echo "make demo     everything on this machine, with examples, ready to curl"
	@echo "make test     the tests, on an embedded PostgreSQL or the one that DATABASE_URL names"
	@echo "make lint     ruff and mypy"
	@echo "make bench    figures beside their floors and peers"
	@echo "make install  .venv with the package and its tools, which the others share"
	@echo "make clean    removes .venv and caches; the data in .milepost stays"

install: $(INSTALLED)

# The demo is there within a minute because it leaves out the tools of the tests.
demo: $(RUNNABLE)
	@exec $(BIN)/milepost demo $(ARGS)

# A process a core; the tests of a file stay together, because some of them gather what the whole file saw.
test: $(INSTALLED)
	@exec $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS) </dev/null

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(INSTALLED)
	@exec $(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNNABLE): EXTRAS := embedded
$(INSTALLED): EXTRAS := embedded,test,dev

# A .venv that is marked unfinished, was made elsewhere, or has no pip that works, is made again from nothing.
$(RUNNABLE) $(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Milepost needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@if [ -e $(UNFINISHED) ] || [ "$$(cat $(RUNNABLE) 2>/dev/null || echo '$(CURDIR)')" != '$(CURDIR)' ] || \
		! $(BIN)/python -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --clear .venv; fi
	@touch $(UNFINISHED)
	@echo "Installing Milepost into .venv ..." >&2
	@$(PIP) install --no-compile --editable '.[$(EXTRAS)]'
	@rm $(UNFINISHED)
	@echo '$(CURDIR)' > $(RUNNABLE)
	@echo '$(CURDIR)' > $@
