# Everything a newcomer or CI needs. `make demo` and `make test` set themselves up.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COLLECTED := $(VENV)/.collected
# Most tests wait for sockets, so two cores carry four workers.
WORKERS ?= 4
# Images of containers like to switch bytecode off; then each of the hundreds of processes of the tests compiles everything anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup prometheus nginx chromium demo test check types exhaustive contracts-publish bench clean lock format schemas proto

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

setup: $(READY) ## a virtual environment in .venv with pinned, hashed packages

prometheus: ## Debian's Prometheus and promtool, for the tests that are scraped by a real one (needs root and apt)
	@if command -v prometheus >/dev/null && command -v promtool >/dev/null; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		DEBIAN_FRONTEND=noninteractive timeout 120 sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends prometheus'; \
	else echo "prometheus is not installed: it takes root and apt, or your own way" >&2; exit 1; fi

nginx: ## Debian's nginx, one of the servers that the HTTP transport is held against (needs root and apt)
	@if command -v nginx >/dev/null || test -x /usr/sbin/nginx; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		DEBIAN_FRONTEND=noninteractive timeout 120 sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends nginx'; \
	else echo "nginx is not installed: it takes root and apt, or your own way" >&2; exit 1; fi

chromium: ## Debian's Chromium, for the tests that look at Release Health in a browser (needs root and apt)
	@if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		DEBIAN_FRONTEND=noninteractive timeout 240 sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium'; \
	else echo "chromium is not installed: it takes root and apt, or your own way" >&2; exit 1; fi

demo: $(READY) ## the main job: reference platform, canary beside baseline, verdict; FAULT=name or DEFECT=name breaks something
	@$(BIN)/synthetic demo $(if $(FAULT),--fault $(FAULT)) $(if $(DEFECT),--defect $(DEFECT)) $(ARGS)

# pytest compiles each module for itself, once. Four workers that start on a clean checkout would each do so at the same time.
$(COLLECTED): $(READY)
	@$(BIN)/pytest -q --collect-only >$@.log || { tail -40 $@.log; exit 1; }
	@touch $@

test: $(COLLECTED) ## the tests: parallel, in random order, under three minutes
	$(BIN)/pytest -q -n $(WORKERS) -m "not slow"

check: $(READY) ## the developer's loop: format, lint, types, import rules, the events' schema, tests; also what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --no-print-directory -j2 -Otarget $(COLLECTED) types
	$(BIN)/pytest -q -n $(WORKERS) -m "not exhaustive" --reruns 1 --max-suite-reruns 5 --rerun-show-tracebacks -raR

types: $(READY) ## what can be said of the code without running it: types, import rules, the events' schema
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m synthetic.contracts.protobuf

exhaustive: $(READY) ## the combinations of which `make check` plays one of each kind
	$(BIN)/pytest -q -n $(WORKERS) -m exhaustive

proto: $(READY) ## the events' schema: lint, and what it breaks of main's (or of AGAINST=commit)
	@$(BIN)/python -m synthetic.contracts.protobuf $(if $(AGAINST),--against $(AGAINST))

format: $(READY) ## mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: $(READY) ## JSON Schemas for editors, in reports/out/schemas
	@mkdir -p reports/out/schemas
	@for kind in scenario platform cells serving slo run summary health; do $(BIN)/synthetic schema $$kind > reports/out/schemas/$$kind.json; done
	@ls reports/out/schemas

contracts-publish: $(READY) ## publish this commit's pacts to the broker of PACT_BROKER_BASE_URL (docs/contracts-broker.md)
	@$(BIN)/synthetic contracts publish

bench: $(READY) ## benchmarks that print ratios against a peer
	$(BIN)/python -m bench

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile -q pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra reference --extra postgres --extra otlp --extra test --extra contracts --extra http2 --extra load --group dev -o requirements/dev.txt
	uv pip compile -q pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		-o requirements/runtime.txt
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra load --extra postgres -c requirements/dev.txt -o requirements/load.txt

clean: ## remove everything that was made here
	rm -rf $(VENV) .synthetic reports/out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
