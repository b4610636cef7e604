# Needs Python 3.11, 3.12 or 3.13 and make; everything else goes into .venv.
# The first of these that starts (a version manager's command may not); another one by
# `make PYTHON=...`.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,\
	$(if $(shell $(name) --version 2>/dev/null),$(name))) python3.11)
WORKDIR ?= runs/quick_start
BIN := .venv/bin
# Work directories whose rows are committed.
RESULTS ?= $(patsubst %/rows.jsonl,%,$(wildcard results/*/*/rows.jsonl))
# Test processes; each holds one TensorFlow.
TEST_JOBS ?= 2

.PHONY: run test test-all test-lowest bench bench-check gpu-check lint docs notebooks package release clean \
	check-results figures

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
	$(BIN)/python -m pytest -q -n $(TEST_JOBS) --dist worksteal -m "not slow"

test-all: .venv/installed
	$(BIN)/python -m pytest -q -n $(TEST_JOBS) --dist worksteal

# The default tests with the lowest versions that setup.py accepts.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable .[dev] \
		--constraint tests/lowest_versions.txt
	.venv-lowest/bin/python -m pytest -q -n $(TEST_JOBS) --dist worksteal -m "not slow"

# What the package's formulations save: times, memory and equality, next to baselines.
bench: .venv/installed
	$(BIN)/python -m benchmarks.speed

# Whether a formulation has lost what it saved: a few of these ratios against the committed ones.
bench-check: .venv/installed
	$(BIN)/python -m benchmarks.speed --check

# What somebody with a GPU runs first: steps of all experiments, spectra, one table.
gpu-check: .venv/installed
	$(BIN)/python -m benchmarks.gpu_check

# What the committed rows say about the papers' claims: of the longest runs, then of all systems at
# one small budget each, which have the same names and so need a table of their own.
CHECK := $(BIN)/python launch/check_results.py
DIM := results/deep_infomax
TABLES_1_5 := $(DIM)/table_1/*/ $(DIM)/table_5/*/
TABLE_4 := $(DIM)/table_4/*/
check-results: .venv/installed
	$(CHECK) $(RESULTS)
	@echo; echo "All systems of Tables 1 and 5, 500 steps:"; echo
	$(CHECK) $(TABLES_1_5)
	@echo; echo "All systems of Table 4, 500 steps:"; echo
	$(CHECK) $(TABLE_4)

# Redraws the committed figures, tables and gallery from the committed rows.
REPORT := $(BIN)/python launch/make_report.py
figures: .venv/installed
	$(REPORT) results/mi_max/*/ --output=runs/mi_max.html --figures=results/mi_max
	$(REPORT) $(DIM)/dim_*/ --output=runs/deep_infomax.html \
		--figures=$(DIM) --tables=$(DIM)/tables.md
	$(REPORT) $(TABLES_1_5) --output=runs/tables_1_and_5.html \
		--tables=$(DIM)/table_1/tables.md
	$(CHECK) $(TABLES_1_5) --output=$(DIM)/table_1/claims.md
	$(REPORT) $(TABLE_4) --output=runs/table_4.html --tables=$(DIM)/table_4/tables.md
	$(CHECK) $(TABLE_4) --output=$(DIM)/table_4/claims.md
	$(REPORT) $(DIM)/long_runs/*/ --output=runs/long_runs.html --figures=$(DIM)/long_runs
	$(REPORT) results/estimation/*/ --output=runs/estimation.html --figures=results/estimation
	$(REPORT) $(RESULTS) --output=runs/all.html --gallery=docs/gallery.md

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

# Exports a trained run, proves it and packs it with its card and checksum, into dist/:
# make release RUN=<work directory>/runs/<experiment>/<variant>/seed_<n>
release: .venv/installed
	$(BIN)/python launch/export_model.py --run=$(or $(RUN),$(error RUN must be the directory of a run, as in make release RUN=runs/a/runs/a/b/seed_0)) \
		--release=dist

clean:
	rm -rf .venv .venv-lowest runs site dist build
