# Everything here needs make, git and Python 3.11 or later, nothing else. An environment
# is made in .venv; remove that folder to start afresh.
#
#   make demo         the whole way on a small legacy model, compared with TensorFlow
#   make test         all tests (TensorFlow, Sonnet, dm-haiku … are installed for them)
#   make quick        the tests that take little time
#   make conformance  the test suites of Haiku, RLax and Sonnet against what is here
#   make bench        speed, side by side with the originals
#   make lint         style of all files
#   make docs         the generated pages in docs/
#   make clean        remove what these made

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Whatever is active where make is called must not leak into .venv.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist loadfile

.PHONY: help demo test quick conformance bench lint docs clean

help:
	@sed -n 's/^#   make/make/p' Makefile

# 3.11 first: the pinned versions were tested with it.
$(PY):
	@for p in $${PYTHON:-python3.11 python3.12 python3.13 python3}; do \
	  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then found=$$(command -v "$$p"); break; fi; done; \
	if [ -z "$${found:-}" ]; then \
	  echo "error: no Python 3.11 or later among $${PYTHON:-those on the path};" \
	    "install one, or say make PYTHON=path" >&2; \
	  exit 1; fi; \
	echo "making $(VENV) with $$found ($$("$$found" -V))"; \
	rm -rf $(VENV); \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "error: $$found cannot make environments; is its venv module installed" \
	    "(python3-venv)?" >&2; exit 1; }

$(VENV)/ready-run: setup.cfg pyproject.toml constraints.txt | $(PY)
	@echo "installing sonnet2haiku and what it needs into $(VENV)"
	@$(PIP) -c constraints.txt -e .
	@touch $@

$(VENV)/ready-test: setup.cfg pyproject.toml constraints.txt requirements-corpus.txt | $(PY)
	@echo "installing what the tests need into $(VENV) (about 3 GB)"
	@$(PIP) -c constraints.txt -e '.[test]'
	@$(PIP) -c constraints.txt --no-deps -r requirements-corpus.txt
	@touch $@ $(VENV)/ready-run

demo: $(VENV)/ready-run
	$(PY) -m sonnet2haiku demo

test: $(VENV)/ready-test
	$(PYTEST)

quick: $(VENV)/ready-test
	$(PYTEST) -m "not slow"

# SHARD=3/20 runs a part of each suite.
conformance: $(VENV)/ready-test
	@for suite in tests/conformance/*/__main__.py; do \
	  name=$$(basename "$$(dirname "$$suite")"); echo "conformance: $$name"; \
	  $(PY) -m tests.conformance.$$name $${SHARD:+--shard "$$SHARD"}; done

bench: $(VENV)/ready-test
	$(PY) -m benchmarks.haiku --impl haiku_core --impl haiku --quick
	$(PY) benchmarks/checkpoint/large.py
	$(PY) -m tests.corpus.measure --speed

lint: $(VENV)/ready-test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

docs: $(VENV)/ready-test
	$(PY) docs/make.py
	$(PY) -m compat.dictionary.docs

clean:
	rm -rf $(VENV) build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
