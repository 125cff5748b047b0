# `make help` lists what can be done. Each target first makes .venv and installs what it needs there, once.

VENV ?= .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
EXTRAS := app,dashboard,metrics,docs,dev
# More arguments for pytest, such as ARGS="-k faces"; a file of tests runs in one of two processes.
ARGS ?=
PYTEST = $(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The first of these that is a Python 3.10 to 3.12 and can make environments; BASE_PYTHON=… names another.
BASE_PYTHON ?= python3.12 python3.11 python3.10 python3 python
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))

# A demo that was interrupted goes on where it stopped.
GO_ON = $(if $(wildcard checkpoints/$(1)/latest.pt),--continue_train)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
# Many images of Python set it. Each start would compile torch anew, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo docs test quick check clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

venv: $(STAMP) ## the environment in .venv, about 5 GB

demo: $(STAMP) ## draw portraits and pairs, train, translate, print scores and where the page is
	$(PYTHON) crawl.py synthetic --out datasets/demo --count 1000 --size 128 --seed 0
	$(PYTHON) crawl.py overlay datasets/demo --frame_mix shop --out datasets/demo_pairs
	$(PYTHON) train.py --preset demo-pairs --dataroot datasets/demo_pairs --name demo_remover $(call GO_ON,demo_remover)
	$(PYTHON) train.py --preset demo --dataroot datasets/demo --name demo --condition frame --lambda_drawn 10 \
	    --n_epochs_decay 0 --start_from checkpoints/demo_remover --paired_dataroot datasets/demo_pairs \
	    --lambda_pair 20 $(call GO_ON,demo)
	$(PYTHON) test.py --dataroot datasets/demo --name demo --direction AtoB
	$(PYTHON) test.py --dataroot datasets/demo --name demo --direction BtoA
	@echo 'with the model that ships: $(VENV)/bin/cyclegan-glasses remove PHOTO'

docs: $(STAMP) ## the documentation as a site in site/; a broken link is an error
	@NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet
	@echo "open site/index.html"

test: $(STAMP) ## every test
	@$(PYTEST) -rs $(ARGS)

quick: $(STAMP) ## the tests that take two minutes
	@$(PYTEST) -m "not slow and not browser" $(ARGS)

check: $(STAMP) ## style and types
	@$(PYTHON) -m ruff check --quiet --output-format concise .
	@$(PYTHON) -m ruff format --quiet --check . || \
	    { echo "some files are not formatted: run $(VENV)/bin/ruff format ."; exit 1; }
	@$(PYTHON) -m mypy --no-error-summary
	@echo "style and types are fine"

clean: ## remove the environment and what builds leave behind; data sets, runs and results stay
	@rm -rf $(VENV) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One pip command, so that torch and torchvision are chosen together. visdom comes as source and its build
# needs an older setuptools than the newest; --no-build-isolation makes it use the one installed just before.
# Bytecode is made on all cores, which pip does not; some packages hold files for other Pythons, which fail.
$(STAMP): setup.py setup.cfg pyproject.toml
	@base=; for name in $(BASE_PYTHON); do \
	    if $$name -c '$(SUITABLE)' 2>/dev/null; then base=$$name; break; fi; \
	done; \
	if [ -z "$$base" ]; then \
	    echo "error: no Python 3.10, 3.11 or 3.12 with its venv module among: $(BASE_PYTHON);" \
	        "install one (Debian: python3 and python3-venv) or name it: make BASE_PYTHON=/path/to/python" >&2; \
	    exit 2; \
	fi; \
	echo "Setting up $(VENV) with $$($$base --version): about 5 GB, a few minutes"; \
	[ -x $(PYTHON) ] || $$base -m venv $(VENV)
	@$(PYTHON) -m pip install -qq --upgrade pip "setuptools<81" wheel
	@$(PYTHON) -m pip install -qq --no-compile --no-build-isolation --editable ".[$(EXTRAS)]"
	@$(PYTHON) -m compileall -qq -j 0 $(VENV)/lib || true
	@$(PYTHON) -m cyclegan_glasses.monitoring.visdom.files || \
	    echo "the dashboard's pages are not in place; all else works ('$(PYTHON) -m cyclegan_glasses doctor' says more)"
	@touch $@
