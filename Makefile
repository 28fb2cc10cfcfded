# Aufruf: `make run` to try it, `make test` to prove it. Everything is installed below this folder.
.DEFAULT_GOAL := help
.PHONY: help run test test-tables faults faults-deployed fuzz check bench bench-quick deploy lock messages permissions format vendor pictures clean

PORT ?= 8000
DATA ?= .local
STAGE ?= prod
export PORT DATA

# The first of these that is new enough; `make PYTHON=/path/to/python3 run` overrides.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python3.14; do \
  if $$each -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$each; break; fi; done)
VENV := .venv
RUN := $(VENV)/bin/
PIP := -m pip --disable-pip-version-check install --quiet --require-hashes

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(VENV)/.tools .venv-emulator/.ready ## everything on this machine at http://127.0.0.1:8000 (PORT=, DATA=)
	@exec $(RUN)aufruf run

test: check $(VENV)/.dev .venv-emulator/.ready ## everything that proves the project
	@$(RUN)python -m tests.prerequisites
	@$(RUN)python -m pytest -n 2 --dist loadfile $(ARGS)

test-tables: $(VENV)/.dev ## the table tests alone, against AWS_ENDPOINT_URL_DYNAMODB if that is set
	@$(RUN)python -m pytest tests/tables $(ARGS)

faults: $(VENV)/.dev ## every AWS call goes wrong in every way, and nothing is lost: the table of docs/faults.md (four minutes)
	@$(RUN)python -m tests.faults $(ARGS)

faults-deployed: $(VENV)/.dev .venv-emulator/.ready ## thirty workers killed, ten thousand hostile requests, on the local stack
	@AUFRUF_KILLS=30 AUFRUF_HOSTILE=10000 $(RUN)python -m pytest -s tests/deployed/test_kills.py tests/deployed/test_hostile.py

fuzz: $(VENV)/.dev ## every parser and every operation, with hostile values (minutes; AUFRUF_FUZZ= how many for each)
	@AUFRUF_FUZZ=$${AUFRUF_FUZZ:-300} $(RUN)python -m pytest -q tests/hostile tests/integration/test_hostile.py $(ARGS)

check: $(VENV)/.dev .venv-checkov/.ready ## lint, types, import contracts, catalogues, permissions, templates (cfn-lint, checkov)
	@$(RUN)ruff check .
	@$(RUN)ruff format --check .
	@$(RUN)mypy
	@$(RUN)lint-imports
	@REUSE_ENCODING_MODULE=charset_normalizer $(RUN)reuse lint --quiet || { $(RUN)reuse lint; exit 1; }
	@$(RUN)python -m infra.messages --check
	@$(RUN)python -m infra.permissions
	@$(RUN)python -m infra.check_template

bench: $(VENV)/.dev ## every goal of docs/performance.md, measured beside what others cost (minutes)
	@$(RUN)python -m benchmarks.builds
	@$(RUN)python -m benchmarks

bench-quick: $(VENV)/.dev ## the first four goals, in less than a minute (builds of others prepared before)
	@$(RUN)python -m benchmarks.builds
	@$(RUN)python -m benchmarks quick

format: $(VENV)/.dev ## let ruff format and mend what it can
	@$(RUN)ruff check --fix --quiet . || true
	@$(RUN)ruff format .

messages: $(VENV)/.dev ## collect the words of code and templates into the catalogues, and compile them
	@$(RUN)python -m infra.messages

permissions: $(VENV)/.dev ## write down what every function was seen to need, from the integration tests
	@$(RUN)python -m pytest -q -n 2 --dist loadfile tests/integration --write-permissions
	@$(RUN)python -m infra.permissions

deploy: $(VENV)/.tools ## package and deploy to AWS (STAGE=, PUBLIC_URL=, MAIL_SENDER=, PARAMETERS=), the change shown first
	@$(RUN)aufruf deploy --stage $(STAGE)

vendor: $(VENV)/.dev ## cut KERN UX, styles and fonts, to what the templates use (KERN= the unpacked package, else npm)
	@$(RUN)python -m infra.vendor $(KERN)

pictures: $(VENV)/.dev .venv-emulator/.ready ## the screenshots of docs/pictures
	@$(RUN)python -m infra.pictures
	@$(RUN)python -m infra.mail_pictures

lock: $(VENV)/.dev ## compile every requirements*.in
	@for each in "" -tools -emulator -dev -benchmarks -checkov; do $(RUN)uv pip compile --generate-hashes --universal \
	  --python-version 3.11 --no-header --quiet --upgrade requirements$$each.in -o requirements$$each.txt; done
	@for each in benchmarks/stacks/*/requirements.in; do (cd $$(dirname $$each) && ../../../$(RUN)uv pip compile \
	  --generate-hashes --universal --python-version 3.11 --no-header --quiet --upgrade requirements.in \
	  -o requirements.txt); done

clean: ## remove environments and caches, not the data
	@rm -rf .venv .venv-emulator .venv-checkov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Aufruf needs Python 3.11 or newer (with venv), and none was found. Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or say where it is: make PYTHON=/path/to/python3 run" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: Aufruf needs Python 3.11 or newer. Say where one is: make PYTHON=/path/to/python3 run" >&2; exit 1; }
	@echo "Making the environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.tools: requirements.txt requirements-tools.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what it needs (once) …"
	@$(RUN)python $(PIP) -r requirements.txt -r requirements-tools.txt
	@$(RUN)python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.tools requirements-dev.txt
	@echo "Installing what proves it (once) …"
	@$(RUN)python $(PIP) -r requirements.txt -r requirements-tools.txt -r requirements-dev.txt
	@touch $@

.venv-emulator/.ready: requirements-emulator.txt | $(VENV)/bin/python
	@echo "Making the emulator's environment in .venv-emulator …"
	@test -x .venv-emulator/bin/python || $(PYTHON) -m venv .venv-emulator
	@.venv-emulator/bin/python $(PIP) -r requirements-emulator.txt
	@touch $@

.venv-checkov/.ready: requirements-checkov.txt | $(VENV)/bin/python
	@echo "Making checkov's environment in .venv-checkov …"
	@test -x .venv-checkov/bin/python || $(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python $(PIP) -r requirements-checkov.txt
	@touch $@
