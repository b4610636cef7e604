# Needs Python 3.11 and make; everything else goes into .venv.
PYTHON ?= python3.11
WORKDIR ?= runs/quick_start
BIN := .venv/bin
# Test processes; each holds one TensorFlow.
TEST_JOBS ?= 2

.PHONY: run test test-all bench lint clean

# Installed anew whenever the dependencies change.
.venv/installed: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .[dev]
	touch $@

# The claims of both papers in small, on images that the package brings along.
run: .venv/installed
	$(BIN)/python launch/run_experiment.py --experiment=quick_start --workdir=$(WORKDIR)

test: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS) -m "not slow"

test-all: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS)

# What the package's formulations save: times, memory and equality, next to baselines.
bench: .venv/installed
	$(BIN)/python -m benchmarks.speed

lint: .venv/installed
	$(BIN)/ruff check .

clean:
	rm -rf .venv runs
