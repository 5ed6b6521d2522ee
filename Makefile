# Everything one needs to run, test and change the product. `make help` lists it.

VENV ?= .venv
PY := $(VENV)/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench migrate shell manage install install-dev clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## */  \1|/' | column -t -s '|' 2>/dev/null || grep -E '##' Makefile

run: install  ## start everything on this machine (PORT=8000 HOST=127.0.0.1 DATA_DIR=.data)
	@$(PY) manage.py up

test: install-dev  ## all tests (ARGS="-k name" goes to pytest)
	@scripts/browser.sh || true
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

lint: install-dev  ## what the style checks say
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: install-dev  ## bring the code into form
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: install-dev  ## measure what is promised (into benchmarks/results.local.json)
	@DATA_DIR=$${DATA_DIR:-.data/bench} $(PY) -m ajo.embedded -m benchmarks $(ARGS)

migrate: install  ## bring the database up to date
	@$(PY) -m ajo.embedded manage.py migrate $(ARGS)

shell: install  ## Python with the models loaded
	@$(PY) -m ajo.embedded manage.py shell $(ARGS)

manage: install  ## any management command: ARGS="changepassword name"
	@$(PY) -m ajo.embedded manage.py $(ARGS)

install:  ## the virtual environment, with what it takes to run
	@VENV=$(VENV) scripts/install.sh requirements.txt

install-dev:  ## the same, with what it takes to test
	@VENV=$(VENV) scripts/install.sh requirements-dev.txt

clean:  ## remove what was installed or generated; the data in .data stays
	rm -rf $(VENV) staticfiles test-results .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
