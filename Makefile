# One task runner. `make help` lists every habit.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo-out
# Processes for the tests that may run side by side; those that measure time or kill processes (marked `alone`) do not.
TEST_WORKERS ?= 3
export RAY_AUTH_MODE ?= disabled

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test test-unit check format bench chaos bench-cut bench-serve bench-scale fuzz eval-asr eval-highlights sbom audit docs screenshots first-clip sample models lock up down clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## system packages, virtual environment, locked dependencies (idempotent; minutes)
	@VENV="$(VENV)" bash scripts/setup.sh

setup-test: setup # also what only the tests need: Chromium, tus-js-client, axe-core, Prometheus, Redis
	@SETUP_FOR=test VENV="$(VENV)" bash scripts/setup.sh

demo: setup ## turn the bundled sample video into finished clips in demo-out/
	@VIDEOCLIP_OFFLINE=true $(BIN)/videoclip clip assets/sample/show.mp4 -o "$(DEMO_OUT)" --top 3
	@echo && ls -1 "$(DEMO_OUT)"/clips/*.mp4

test: setup-test ## all tests (unit, integration, browser, acceptance)
	$(BIN)/python scripts/run_tests.py -n $(TEST_WORKERS)

test-unit: setup ## the fast ones only
	$(BIN)/python -m pytest tests/unit

check: setup ## formatting, lint, types, import rules, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/make_docs.py --check

format: setup ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## benchmarks: ratios in one run (not part of the tests; tens of minutes)
	$(BIN)/python -m tests.benchmarks

chaos: setup-test ## break what a platform is made of and sum up what came of it: make chaos NAMES=hosts (minutes; as root)
	$(BIN)/python -m tests.chaos $(NAMES)

fuzz: setup ## 2,000 damaged files through probe, sound and cut (an hour on two cores)
	$(BIN)/python -m tests.fuzz --files 2000

bench-cut: setup ## what each way of cutting costs against plain FFmpeg, as ratios (half an hour)
	$(BIN)/python -m tests.benchmarks cut ways

# `make eval-asr DIR`, `make eval-highlights DIR`, or `DIR=path`; without one eval-highlights takes the made shows.
ifneq (,$(filter eval-asr eval-highlights,$(firstword $(MAKECMDGOALS))))
DIR ?= $(word 2,$(MAKECMDGOALS))
.PHONY: $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
$(eval $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS)):;@:)
endif
eval-highlights: setup ## score a highlighter on labelled shows: make eval-highlights DIR (docs/highlights.md)
	@shows="$(DIR)"; if [ -z "$$shows" ]; then shows=$$(mktemp -d); trap 'rm -rf "$$shows"' EXIT; \
	  $(BIN)/python scripts/make_shows.py "$$shows" --half dev; fi; \
	$(BIN)/python -m pipelines.eval_highlights "$$shows" $(EVAL_OPTIONS)

bench-serve: setup ## what Ray Serve costs a shard of speech; throughput against batch size and replicas (minutes)
	$(BIN)/python -m tests.benchmarks serve

N ?= 10000
bench-scale: setup ## N simulated videos (10000): orchestration a job and a shard, waits, growth, 1 to 8 logical nodes (half an hour)
	$(BIN)/python -m tests.benchmarks.scale --videos $(N) --json out/scale.json

eval-asr: setup ## score a recogniser on recordings with references: make eval-asr DIR (docs/speech-quality.md)
	@if [ -z "$(DIR)" ]; then echo "say which folder: make eval-asr DIR=recordings" >&2; exit 2; fi
	$(BIN)/python -m pipelines.eval_asr "$(DIR)" $(EVAL_OPTIONS)

screenshots: setup-test ## every page of the web UI as pictures in out/screenshots, and those of the guides (minutes)
	$(BIN)/python scripts/make_screenshots.py out/screenshots --docs

sbom: setup ## what the installed environment is made of (CycloneDX) in out/sbom.json; needs a network
	@VENV="$(VENV)" bash scripts/supply_chain.sh sbom out/sbom.json

audit: setup ## the locked dependencies against known advisories; needs a network
	@VENV="$(VENV)" bash scripts/supply_chain.sh audit

first-clip: setup-test ## time a newcomer's way: clean clone, setup, up, upload, one click, the first clip plays (minutes)
	$(BIN)/python scripts/first_clip.py --install

docs: setup ## write the documents that are made from the code (configuration, manifest schema)
	$(BIN)/python scripts/make_docs.py

sample: setup ## make the sample video and its ground truth anew (needs ffmpeg with flite)
	$(BIN)/python scripts/make_sample.py

models: setup ## make the tiny FunASR models of the tests anew (needs libflite; half an hour on one processor)
	$(BIN)/python scripts/make_models.py

lock: setup ## resolve the dependencies anew into requirements/lock.txt
	@VENV="$(VENV)" bash scripts/lock.sh

up: setup ## start a local Ray that stays, with the served models, so that jobs start at once
	@$(BIN)/videoclip up

down: ## stop what `make up` started
	@if [ -x $(BIN)/videoclip ]; then $(BIN)/videoclip down; fi

clean: ## remove the virtual environment, caches and demo output
	rm -rf $(VENV) $(DEMO_OUT) build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
