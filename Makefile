# Two commands for a newcomer: `make demo` and `make test`. Each makes .venv and installs all it
# needs from the package registry, with hashes; no root, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=

# The large test city goes here: outside the repository, kept between runs, resumable.
TESTCITY ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yanji/testcity

.PHONY: install demo test lint page pictures bench soak soak-cameras accuracy testcity lock schemas clean

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
	@tests/browser.sh
	$(BIN)/pytest -q -m "not slow"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The web page from its source; needs Node 20.19 or newer. What it writes is committed.
page:
	cd api/page && npm ci --no-audit --no-fund && npm run check && npx --no-install vite build

# The pictures of the page for docs/pictures, from its tests: look at each before it is committed.
pictures: install
	@tests/browser.sh
	YANJI_PICTURES=docs/pictures $(BIN)/pytest -q tests/page -k "from_a_snapshot or on_a_phone or live_view_has"

bench: install
	$(BIN)/yanji bench pipeline --json

# Minutes long, on real footage and under faults; needs ../shared for most of it.
soak: install
	$(BIN)/pytest -s -q -m slow tests/api

# An hour (SECONDS=300 for less) of a whole installation with eight cameras of the test city that
# misbehave, after a few minutes of capturing alone; prints the tables of bars. The cameras are those
# of `make testcity` where they are rendered, else the shipped clips.
soak-cameras: install
	YANJI_TESTCITY="$(TESTCITY)" YANJI_SOAK_S=$(if $(SECONDS),60,180) $(BIN)/pytest -s -q -m slow \
	  tests/ingest/test_soak_cameras.py tests/ingest/test_faults.py; alone=$$?; \
	YANJI_TESTCITY="$(TESTCITY)" YANJI_SOAK_S=$(or $(SECONDS),3600) $(BIN)/pytest -s -q -m slow \
	  tests/api/test_soak_run.py && exit $$alone

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
