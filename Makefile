# Everything runs inside .venv, which the first target that needs it creates: `make demo` and `make test` work on a
# machine that has only python3 and pip.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Without bytecode every pytest that a test starts would compile, and rewrite, each plugin anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV ?= .venv
# Workers of the test run; 0 runs it in one process.
WORKERS ?= 2
BIN := $(VENV)/bin
# Where memory-test keeps its runs.
HISTORY := $(CURDIR)/.memopt/history.db
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Both say "installed as pyproject.toml has it": the package alone for `demo`, all that development needs for the rest.
PACKAGE := $(VENV)/.stamp-package
DEVELOPMENT := $(VENV)/.stamp-development

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "pytest-memopt needs Python 3.10 or newer; choose one: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module here: install it (Debian, Ubuntu: python3-venv)" >&2; exit 1; }

$(PACKAGE): pyproject.toml | $(BIN)/python
	@echo "installing pytest-memopt into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

# Dependency groups need pip 25.1, which fresh environments of older Pythons lack.
$(DEVELOPMENT): pyproject.toml | $(BIN)/python
	@echo "installing pytest-memopt and its development tools into $(VENV)"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[xdist,html,memray]' --group dev
	@touch $@ $(PACKAGE)

.PHONY: install
install: $(DEVELOPMENT) ## Create .venv with the package and all development tools

.PHONY: demo
demo: $(PACKAGE) ## Show the plugin at work on examples/: a breach, a warm-up, a trend
	@$(BIN)/python examples/demo.py

# A test of the examples fails on purpose, which is what status 1 says.
.PHONY: memory-test
memory-test: $(PACKAGE) ## Measure the tests of examples/ and print the memory report
	@$(BIN)/python -m pytest -p no:cacheprovider --memopt-report --memopt-history=$(HISTORY) examples || [ $$? -eq 1 ]

.PHONY: memory-benchmark
memory-benchmark: $(PACKAGE) ## Measure what pooling and optimising bring (memopt benchmark)
	@$(BIN)/memopt benchmark

.PHONY: memory-stats
memory-stats: $(PACKAGE) ## Show what an example program holds at its end (memopt stats), and the last memory-test
	@$(BIN)/memopt stats examples/growing_program.py
	@[ ! -f $(HISTORY) ] || $(BIN)/memopt stats --history $(HISTORY)

.PHONY: memory-optimize
memory-optimize: $(PACKAGE) ## Try the strategies on an example program (memopt optimize)
	@$(BIN)/memopt optimize examples/growing_program.py

.PHONY: memory-analyze
memory-analyze: $(PACKAGE) ## Find what is wrong with the memory of an example program (memopt analyze)
	@$(BIN)/memopt analyze --imports --threshold growth=20MB examples/growing_program.py

.PHONY: test
test: $(DEVELOPMENT) ## Run all tests with branch coverage (WORKERS=0: in one process)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q $(if $(filter-out 0,$(WORKERS)),-n $(WORKERS) --dist worksteal)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

.PHONY: unit
unit: $(DEVELOPMENT) ## Run the unit tests only, without coverage
	@$(BIN)/python -m pytest -q tests/unit tests/test_architecture.py

.PHONY: check
check: $(DEVELOPMENT) ## Formatting, lint, types, direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

.PHONY: format
format: $(DEVELOPMENT) ## Format the code and fix what ruff can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: tox
tox: $(DEVELOPMENT) ## Run tests and checks on every supported Python that is installed
	@$(BIN)/tox run --skip-missing-interpreters true

.PHONY: bench
bench: $(DEVELOPMENT) ## Measure what the plugin costs, into docs/benchmarks.md (about an hour)
	@$(BIN)/python -m benchmarks.off_cost --write
	@$(BIN)/python -m benchmarks.live_heap --write
	@$(BIN)/python -m benchmarks.run_suites --write
	@$(BIN)/python -m benchmarks.instructions --write
	@$(BIN)/python -m benchmarks.leak_series --series 100000
	@$(BIN)/python -m benchmarks.growth_series --series 10000
	@$(BIN)/python -m benchmarks.monitor_cost
	@$(BIN)/python -m benchmarks.leak_tools --write
	@$(BIN)/python -m benchmarks.pool_speed --write
	@$(BIN)/python -m benchmarks.async_pool
	@$(BIN)/python -m benchmarks.pool_stress

.PHONY: bench-quick
bench-quick: $(DEVELOPMENT) ## The same in a few minutes: fewer pairs, one suite, nothing written
	@$(BIN)/python -m benchmarks.off_cost --quick
	@$(BIN)/python -m benchmarks.live_heap --quick
	@$(BIN)/python -m benchmarks.run_suites --quick
	@$(BIN)/python -m benchmarks.leak_tools --quick
	@$(BIN)/python -m benchmarks.pool_speed --quick

.PHONY: build
build: $(DEVELOPMENT) ## Build the wheel and the sdist into dist/
	@$(PIP) install build
	@$(BIN)/python -m build

.PHONY: clean
clean: ## Remove everything that the other targets made, .venv included
	@rm -rf $(VENV) .tox .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist benchmarks/.work
