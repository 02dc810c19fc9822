# One word per chore, the same for people and CI. Needs python3 (3.11 to 3.13) and make, nothing else.

PYTHON ?= python3
PY := .venv/bin/python
# In several processes, each with a server of its own; `$(PY) -m pytest tests/domain` is for one part and one process.
PYTEST := $(PY) -m pytest -n logical --maxprocesses 4 --dist worksteal
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench docs

help: ## what can be done here
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 8

setup: .venv/.complete ## make .venv and install raceline with its tools into it

# Stamped when complete: the second `make` is instant, and a change of what is needed installs again.
.venv/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "raceline runs on Python 3.11, 3.12 and 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Name another: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) cannot make environments here. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv: two or three minutes, some 1.1 GB."
	test -x $(PY) || $(PYTHON) -m venv --clear .venv
	$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: setup ## serve the API with a generated sample, at http://127.0.0.1:8000/graphql
	.venv/bin/raceline serve --sample

# Those that between them send every kind of statement, each of them once or twice.
on = $(patsubst %,tests/$(1)/test_%.py,$(2))
OTHER_SERVER = $(call on,domain,columns group_commit ingest log migrate models racetracks recorder requeue site) \
    $(call on,projections,accounts drift kept_ledger ledger_figures predictions stage_days stage_lengths survey \
    training) $(call on,graphql,case_fortnight cases following journey_changes journeys known_at log_and_nodes models \
    paging predictions reading stage_days stages worked_site writing)

test: setup ## all tests on the embedded PostgreSQL, then those of its statements on another major version
	$(PYTEST)
	@other=$$($(PY) tests/support/other_server.py) && \
	echo "The tests marked 'database' once more, on $$($$other/postgres --version):" && \
	RACELINE_TEST_POSTGRES_BIN=$$other $(PYTEST) -m database $(OTHER_SERVER)

check: setup ## lint, format, types, and which part may import which
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: setup ## every benchmark, each against a peer or a limit; and real data, where it is there
	$(PY) bench/path_kernel.py
	$(PY) bench/path_engine.py
	$(PY) bench/path_answers.py
	$(PY) bench/page_test.py
	$(PY) bench/wikispeedia_pages.py
	$(PY) bench/race_kernel.py
	$(PY) bench/ingest.py
	$(PY) bench/group_commit.py
	$(PY) bench/replay.py
	$(PY) bench/activation.py
	$(PY) bench/explain.py
	$(PY) bench/stage_days.py
	$(PY) bench/cases_replay.py
	$(PY) bench/features.py
	$(PY) bench/training.py
	$(PY) bench/predictions.py
	$(PY) bench/ebmt.py
	$(PY) bench/scoring.py
	$(PY) bench/prediction_answer.py
	$(PY) bench/ledger.py
	$(PY) bench/real_data.py

docs: setup ## write the generated parts of the README and graphql/schema.graphql
	$(PY) -m raceline.app.docs
