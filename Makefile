# Two commands: `make train` and `make test`. Both make .venv first.
PYTHON ?= python3.11
VENV ?= .venv
DATA ?=
ARGS ?=
BIN := $(VENV)/bin

.PHONY: train test test-slow lint docs clean release

train: $(VENV)/train.stamp
	$(BIN)/python scripts/train.py $(if $(DATA),--data "$(DATA)") $(ARGS)

test: $(VENV)/test.stamp lint
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-slow: $(VENV)/test.stamp
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/lint-imports

docs: $(VENV)/docs.stamp
	$(BIN)/python -m sphinx -c docs -b html -nW --keep-going . build/docs

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/train.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train]"
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@ $(VENV)/train.stamp

$(VENV)/docs.stamp: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@touch $@

release: $(VENV)/test.stamp
	$(BIN)/python scripts/release.py --output dist

clean:
	rm -rf $(VENV) build dist *.egg-info
