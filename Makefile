# Two commands for a newcomer: `make demo` and `make test`. Each makes .venv and installs all it
# needs from the package registry, with hashes; no root, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=

# The large test city goes here: outside the repository, kept between runs, resumable.
TESTCITY ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yanji/testcity

.PHONY: install demo test lint bench soak accuracy testcity lock schemas clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "yanji needs Python 3.11 or newer; name one with: make $@ PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 -m venv failed; on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# ONCE=1 prints the result, compares it with the truth of the clips and exits 0 only when it is right.
demo: install
	@$(BIN)/yanji demo $(if $(ONCE),--once)

test: install
	$(BIN)/pytest -q -m "not slow"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/yanji bench pipeline --json

# Minutes long, on real footage and under faults; needs ../shared for most of it.
soak: install
	$(BIN)/pytest -s -q -m slow tests/api

accuracy: install
	$(BIN)/pytest -s -q -m slow tests/accuracy tests/detect tests/reid tests/index

# Eight cameras, three minutes; about 25 minutes on two cores. Stop it and go on as you like.
testcity: install
	$(BIN)/yanji testcity render --cameras 8 --seconds 180 --seed 11 --out "$(TESTCITY)"
	$(BIN)/yanji testcity inspect "$(TESTCITY)"

# Locks without naming a registry; needs the program uv.
lock:
	uv pip compile pyproject.toml --universal --fork-strategy fewest --generate-hashes --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra dev --universal --fork-strategy fewest --generate-hashes --no-header -q -o requirements-dev.lock

schemas: install
	$(BIN)/yanji schemas configs/schema

clean:
	rm -rf $(VENV) build dist *.egg-info
