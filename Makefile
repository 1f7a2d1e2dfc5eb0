# Everything here sets up its own environment in .venv first, and does nothing when that is up to date.
# `make PYTHON=python3.12 …` chooses the Python it is made with.
.PHONY: help environment lab test notebooks cards site figures bench mutants format check address student update clean
PY = .venv/bin/python
READY = .venv/.ready
# an environment whose Python has gone (an upgrade of the system, a moved folder) is made again
GONE := $(shell .venv/bin/python -c "" 2>/dev/null || rm -f $(READY))

help:
	@echo "make lab        open the lessons in JupyterLab"
	@echo "make test       run every test: formulas, code, notebooks, browser"
	@echo "make notebooks  execute the notebooks and store their outputs"
	@echo "make cards      make a deck of the claims and slips for Anki"
	@echo "make site       build the reading edition in site/"
	@echo "make figures    draw figures/ anew"
	@echo "make bench      compare speed with PyTorch, scikit-learn and plain loops"
	@echo "make mutants    spoil the code on purpose: the tests must notice"
	@echo "make format     format the code; make check: look for mistakes in it (ruff)"
	@echo "make update     renew requirements.txt from the ranges in pyproject.toml"
	@echo "make address ADDRESS=https://…  write where the course is published into lessons and badges"
	@echo "make student    the edition for a class, without solutions, in student/"
	@echo "make clean      remove what can be made again (never lessons/)"

environment: $(READY)

lab: $(READY)
	@$(PY) tools/lab.py $(ARGS)

test: $(READY)
	@$(PY) tools/run_tests.py $(ARGS)

notebooks: $(READY)
	@$(PY) tools/notebooks.py $(ARGS)

cards: $(READY)
	@$(PY) -c "import genanki" 2>/dev/null || \
	    $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[cards]'
	@$(PY) tools/cards.py $(ARGS)

site: $(READY)
	@$(PY) -c "import jupyterlite_core, jupyterlite_pyodide_kernel" 2>/dev/null || \
	    $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[lite]' || \
	    echo "Left out: the edition that runs in the browser; JupyterLite cannot be had."
	@$(PY) tools/reading_edition.py $(ARGS)

figures: $(READY)
	@$(PY) figures/make_figures.py $(ARGS)

bench: $(READY)
	@for script in benchmarks/[!_]*.py; do echo "== $$script"; $(PY) $$script $(ARGS) || exit 1; done

mutants: $(READY)
	@$(PY) tools/mutants.py $(ARGS)

format: $(READY)
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .

check: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

address: $(READY)
	@$(PY) tools/address.py "$(ADDRESS)"

student: $(READY)
	@$(PY) tools/student.py $(ARGS)

# One list for every platform and every supported Python; the last line is the package itself, editable.
update: $(READY)
	@.venv/bin/uv pip compile pyproject.toml --extra test --universal --fork-strategy fewest --upgrade \
	    --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file .venv/requirements.txt
	@echo "-e ." >> .venv/requirements.txt
	@cp .venv/requirements.txt requirements.txt
	@git --no-pager diff --stat -- requirements.txt

clean:
	rm -rf .venv build dist site *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml tools/environment.sh
	@sh tools/environment.sh "$(PYTHON)"
