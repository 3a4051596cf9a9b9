# Two commands: `make reproduce` and `make test`. All make the environment first, and are safe to repeat and safe after
# an interruption.

SCALE ?=
PYTHON ?= python3

VENV := .venv
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help environment reproduce restore test benchmarks format check
.DELETE_ON_ERROR:

## what there is to make
help:
	@awk '/^## / { told = substr($$0, 4) } /^[a-z]+:/ && told { sub(":.*", ""); printf "make %-11s %s\n", $$0, told; told = "" }' Makefile

## make the environment in .venv alone; every other target does, too
environment: $(READY)

## regenerate every table, figure and verdict [SCALE=smoke|small|paper; without it as config/config.yaml says]
reproduce: $(READY)
	snakemake --cores all $(if $(SCALE),--config scale=$(SCALE))

## bring back what dvc.lock has from the DVC remote, instead of making it [SCALE=smoke|small|paper]
restore: $(READY)
	recompose restore $(if $(SCALE),--scale $(SCALE))

## run all tests but those of faults and of a cluster, which .ci/run runs too
test: $(READY)
	pytest -n auto

## measure side by side with the peers, a quarter of an hour, and renew the table in benchmarks/README.md
benchmarks: $(READY)
	python benchmarks/ratios.py --write

## put all source into its one format
format: $(READY)
	ruff check --fix-only --quiet .
	ruff format --quiet .
	snakefmt Snakefile workflow/rules

## all checks that run nothing: formats, lints, types, layers, generated files
check: $(READY)
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	mypy
	lint-imports
	recompose config defaults --check
	recompose config schema --check
	recompose config reference --check
	recompose config pipeline --check
	recompose config targets --check
	recompose config verdicts --check
	recompose config work --check
	snakemake --lint

# The environment. The stamp goes first and comes back last: an environment without it is half made, and made anew.
# It names the folder, since the programs of an environment do: once the folder was moved, none of them starts.
# Where the source is stands in it as seen from there: Python reads that line in the locale's encoding, and under LC_ALL=C
# it does not start at all where a folder's name has an accent.
# uv takes a third of pip's time. It does not read pip's variables, so they are passed on; where it fails, pip does it.
$(shell pwd -P | cmp -s - $(READY) || rm -f $(READY))
$(READY): requirements.txt requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || \
		{ echo 'error: $(PYTHON) is not Python 3.11, 3.12 or 3.13; name one that is: make PYTHON=python3.12' >&2; exit 2; }
	@test -e $@ || { echo 'making the environment in $(VENV): some minutes, 2.6 GB'; $(PYTHON) -m venv --clear $(VENV); }
	@rm -f $@
	@python -m pip install --quiet uv || true
	@$(if $(PIP_FIND_LINKS),UV_FIND_LINKS='$(PIP_FIND_LINKS)') $(if $(PIP_INDEX_URL),UV_DEFAULT_INDEX='$(PIP_INDEX_URL)') \
		$(if $(PIP_CERT),SSL_CERT_FILE='$(PIP_CERT)') \
		uv pip install --quiet --python $(VENV)/bin/python --compile-bytecode -r requirements.txt -c requirements.lock || \
		{ echo 'uv could not; pip takes some minutes for it'; \
		python -m pip install --quiet -r requirements.txt -c requirements.lock; }
	@LC_ALL=C.UTF-8 python -m pip install --quiet --no-deps --editable .
	@for each in $(VENV)/lib/python3*/site-packages/__editable__.recompose-*.pth; do echo ../../../../src > "$$each"; done
	@recompose plots-page
	@pwd -P > $@
