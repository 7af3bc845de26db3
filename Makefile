# gradus: `make` lists the targets.  Every target makes or renews .venv first if it has to.

PYTHON ?= python3
# Extras that the demo installs; `make demo EXTRAS=` leaves PyTorch out, and Part 4 then says what it needs.
EXTRAS ?= train
# Images that `make bench` trains on.
DATA ?= cifar10
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check bench format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Without PyTorch the runs of Part 4 are left out, and gradus ends with 1: unfinished, as was asked for.
demo: .venv/.ready-demo-$(EXTRAS) ## solve homework 5 on the built-in data; the pages are then in out/hw5
	$(BIN)/gradus solve hw5$(if $(EXTRAS),, || test $$? -eq 1)

test: .venv/.ready-dev ## run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

check: .venv/.ready-dev ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready-bench ## measure beside SymPy, Keras and PyTorch (most of an hour); DATA: a folder of images, or cifar10
	$(BIN)/python benchmarks/linear_algebra.py
	$(BIN)/python benchmarks/training.py --data '$(DATA)' --epoch --scaling --profile --ladder --homework

format: .venv/.ready-dev ## mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove .venv and everything that was made
	rm -rf .venv out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.ready-demo-$(EXTRAS): pyproject.toml constraints.txt
	@$(call venv)
	@echo "Installing gradus$(if $(EXTRAS), with PyTorch (the first time: some minutes))..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.$(if $(EXTRAS),[$(EXTRAS)])'
	@$(call flint)
	@touch $@

.venv/.ready-dev: pyproject.toml constraints.txt
	@$(call venv)
	@echo "Installing gradus with PyTorch and the tools of its developers (the first time: some minutes)..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[train,dev]'
	@$(call flint)
	@touch $@ .venv/.ready-demo-train

.venv/.ready-bench: pyproject.toml constraints.txt
	@$(call venv)
	@echo "Installing gradus with what it is measured beside..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[train,bench]'
	@$(call flint)
	@touch $@ .venv/.ready-demo-train

# python-flint makes exact arithmetic faster; without it everything works and is certified all the same.
flint = $(PIP) install --quiet --constraint constraints.txt --only-binary :all: python-flint \
	|| echo "python-flint could not be installed: exact arithmetic will be slower."

venv = command -v "$(PYTHON)" >/dev/null 2>&1 \
	|| { echo "gradus: there is no '$(PYTHON)'; install Python 3.11 or later, or name one: make PYTHON=python3.12"; exit 1; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "gradus needs Python 3.11 or later, and '$(PYTHON)' is older; name a newer one: make PYTHON=python3.12"; exit 1; }; \
	test -x $(BIN)/python || "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "gradus: '$(PYTHON)' has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }; \
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
