# Everything a newcomer, a developer or CI runs. `make` alone lists it.
# Arguments go through ARGS: make test ARGS="-k ledger"
SHELL := /bin/bash
# Where bytecode is not kept, every process compiles all it imports anew: seconds each.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: setup demo serve work test check bench fuzz chaos ledger help

BIN := .venv/bin
ARGS ?=

setup: ## install what is missing: system packages, .venv, what uv.lock names
	@scripts/setup.sh

demo: setup ## the main job end to end, on the sample receipts; ARGS=--stay keeps it serving
	@$(BIN)/quetbill demo $(ARGS)

serve: setup ## the API
	@$(BIN)/quetbill serve $(ARGS)

work: setup ## the workers
	@$(BIN)/quetbill work $(ARGS)

test: ## every test, on real PostgreSQL, Valkey, Tesseract and Chromium
	@scripts/setup.sh test
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: setup ## format, lint, types, layers, migrations, Dockerfile, compose file, scripts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.check_migrations
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml compose.insight.yaml
	$(BIN)/shellcheck scripts/*.sh .ci/run

bench: setup ## how fast uploads are taken in and readings settled
	@$(BIN)/quetbill bench intake $(ARGS)
	@$(BIN)/quetbill bench settle $(ARGS)

fuzz: setup ## broken pictures, and the API against requests nobody thought of, longer than the tests do
	@$(BIN)/pytest -m fuzz
	@$(BIN)/python -m scripts.fuzz $(ARGS)

chaos: setup ## parts killed and services failing while shoppers send, and what was lost; ARGS="--n 20"
	@$(BIN)/pytest -m chaos
	@$(BIN)/quetbill bench chaos $(ARGS)

ledger: setup ## anything done to points in any order and by many at once, longer than the tests do
	@LEDGER_EXAMPLES=300 LEDGER_STEPS=400 VOUCHER_PROCESSES=200 $(BIN)/pytest tests/domain/ledger/test_machine.py \
		tests/domain/ledger/test_at_once.py tests/domain/rewards/test_stock.py $(ARGS)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
