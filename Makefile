# Needs Python 3.11 and make; everything else goes into .venv.
PYTHON ?= python3.11
DATA ?= digits
WORKDIR ?= runs/quick_start-$(DATA)
BIN := .venv/bin
# Work directories whose rows are committed.
RESULTS ?= $(patsubst %/rows.jsonl,%,$(wildcard results/*/*/rows.jsonl))
# Test processes; each holds one TensorFlow.
TEST_JOBS ?= 2

.PHONY: run test test-all bench lint clean check-results figures

# Installed anew whenever the dependencies change.
.venv/installed: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .[dev]
	touch $@

# The MI-max paper in small: critics, bounds and conditioning; `make run DATA=mnist` for MNIST.
run: .venv/installed
	$(BIN)/python launch/run_experiment.py --experiment=quick_start --workdir=$(WORKDIR) \
		--set=data=$(DATA)

test: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS) -m "not slow"

test-all: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS)

# What the package's formulations save: times, memory and equality, next to baselines.
bench: .venv/installed
	$(BIN)/python -m benchmarks.speed

# What the committed rows say about the papers' claims.
check-results: .venv/installed
	$(BIN)/python launch/check_results.py $(RESULTS)

# Redraws the committed figures, tables and gallery from the committed rows.
REPORT := $(BIN)/python launch/make_report.py
figures: .venv/installed
	$(REPORT) results/mi_max/*/ --output=runs/mi_max.html --figures=results/mi_max
	$(REPORT) results/deep_infomax/dim_*/ --output=runs/deep_infomax.html \
		--figures=results/deep_infomax --tables=results/deep_infomax/tables.md
	$(REPORT) results/estimation/*/ --output=runs/estimation.html --figures=results/estimation
	$(REPORT) $(RESULTS) --output=runs/all.html --gallery=docs/gallery.md

lint: .venv/installed
	$(BIN)/ruff check .

clean:
	rm -rf .venv runs
