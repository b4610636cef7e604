# Needs Python 3.11 or later and make; everything else goes into .venv.
PYTHON ?= python3.11
WORKDIR ?= runs/quick_start
BIN := .venv/bin
# Test processes; each holds one TensorFlow.
TEST_JOBS ?= 2

.PHONY: run test test-all test-lowest bench lint docs notebooks package clean

# Installed anew whenever the dependencies change.
.venv/installed: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .[dev]
	touch $@

.venv/docs-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --editable .[docs]
	touch $@

# The claims of both papers in small, on images that the package brings along.
run: .venv/installed
	$(BIN)/python launch/run_experiment.py --experiment=quick_start --workdir=$(WORKDIR)

test: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS) -m "not slow"

test-all: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS)

# The default tests with the lowest versions that setup.py accepts.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable .[dev] \
		--constraint tests/lowest_versions.txt
	.venv-lowest/bin/python -m pytest -q -n $(TEST_JOBS) -m "not slow"

# What the package's formulations save: times, memory and equality, next to baselines.
bench: .venv/installed
	$(BIN)/python -m benchmarks.speed

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/mypy

# The documentation, into site/; nothing is loaded from elsewhere while it is built or read.
docs: .venv/docs-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Executes the notebooks again, with their outputs.
notebooks: .venv/docs-installed
	for page in docs/notebooks/*.ipynb; do \
		$(BIN)/jupyter-execute --inplace $$page || exit 1; done

# Wheel and source archive, into dist/.
package: .venv/docs-installed
	rm -rf build
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf .venv .venv-lowest runs site dist build
