# Everything here sets up its own environment in .venv first, and does nothing when that is up to date.
# `make PYTHON=python3.12 …` chooses the Python it is made with.
.PHONY: help environment lab test test-web notebooks translations cards site book slides guide figures bench published mutants oldest format check hooks \
    address student update clean
PY = .venv/bin/python
READY = .venv/.ready
# where it is set, every kernel would compile matplotlib anew, which takes longer than to load it
unexport PYTHONDONTWRITEBYTECODE
# an environment whose Python has gone (an upgrade of the system, a moved folder) is made again
GONE := $(shell .venv/bin/python -c "" 2>/dev/null || rm -f $(READY))

help:
	@echo "make lab        open the lessons in JupyterLab; make lab LANGUAGE=zh_CN: 中文"
	@echo "make test       run every test: formulas, code, notebooks, browser"
	@echo "make test-web   the site alone, with all lessons run in a browser"
	@echo "make notebooks  execute the notebooks and store their outputs"
	@echo "make translations  renew the catalogues in locale/ from lessons and code"
	@echo "make cards      make a deck of the claims and slips for Anki"
	@echo "make site       the course on the web, in site/: pages, and lessons that run in a browser"
	@echo "make book       the pages as an EPUB, in build/"
	@echo "make slides     a deck of slides for each lesson, in build/slides/"
	@echo "make guide      renew the generated parts of the teacher's guide in guide/"
	@echo "make figures    draw figures/ anew"
	@echo "make bench      measure everything in benchmarks/RESULTS.md anew; 75 minutes of a quiet machine"
	@echo "make published  the published programs at full size, as lessons 09 and 10 tell of them; a quarter of an hour"
	@echo "make mutants    spoil the code on purpose: the tests must notice"
	@echo "make format     format the code; make check: look for mistakes in it (ruff, mypy)"
	@echo "make hooks      let git run make check before every commit"
	@echo "make oldest     the unit tests with the oldest libraries that pyproject.toml allows"
	@echo "make update     renew requirements.txt from the ranges in pyproject.toml"
	@echo "make address ADDRESS=https://…  write where the course is published into lessons and badges"
	@echo "make student    the edition for a class, without solutions, in student/"
	@echo "make clean      remove what can be made again (never lessons/)"

environment: $(READY)

lab: $(READY)
	@$(PY) tools/lab.py $(if $(LANGUAGE),--language $(LANGUAGE)) $(ARGS)

test: $(READY)
	@$(PY) tools/run_tests.py $(ARGS)

test-web: $(READY)
	@$(PY) -m pytest tests/web -n 2 --dist load $(ARGS)

notebooks: $(READY)
	@$(PY) tools/notebooks.py $(ARGS)

translations: $(READY)
	@for language in $(notdir $(wildcard locale/*)); do $(PY) tools/translations.py update $$language || exit 1; done

cards: $(READY)
	@$(PY) -c "import genanki" 2>/dev/null || \
	    $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[cards]'
	@$(PY) tools/cards.py $(ARGS)

site: $(READY)
	@$(PY) tools/build_site.py $(ARGS)

book: $(READY)
	@$(PY) tools/build_site.py --epub

slides: $(READY)
	@$(PY) tools/slides.py $(ARGS)

guide: $(READY)
	@$(PY) tools/guide.py $(ARGS)

figures: $(READY)
	@$(PY) figures/make_figures.py $(ARGS)

# What writes benchmarks/RESULTS.md. An earlier state (--before) is the last one before somebody measured a cost
# and cut it.
MEASURED = speed.py sweep.py "sweep.py --dask" "sweep.py --dask --batch 1" "sweep.py --survive" waiting.py \
    classroom.py widgets.py "widgets.py --link 8/40" "widgets.py --link 2/100" growth.py in_browser.py grading.py \
    "speed.py --before 645e4d0" "widgets.py --before 645e4d0" "classroom.py --before 645e4d0" \
    "waiting.py --before 7156cdc --rounds 2"
# the published programs at full size: what lessons 09 and 10 say of them, printed
PUBLISHED = mnist_seeds.py published_mnist.py published_regression.py

bench: site
	@$(PY) -c "import distributed" 2>/dev/null || \
	    $(PY) -m pip install --quiet --disable-pip-version-check --editable '.[cluster]'
	@for command in $(MEASURED); do \
	    echo "== $$command"; $(PY) benchmarks/$$command $(ARGS) || exit 1; done

published: $(READY)
	@for command in $(PUBLISHED); do \
	    echo "== $$command"; $(PY) benchmarks/$$command $(ARGS) || exit 1; done

mutants: $(READY)
	@$(PY) tools/mutants.py $(ARGS)
	@$(if $(ARGS),:,$(PY) tools/mutation.py)

format: $(READY)
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .

check: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

hooks: $(READY)
	@$(PY) -m pre_commit install

oldest: $(READY)
	@sh tools/oldest.sh $(ARGS)

address: $(READY)
	@$(PY) tools/address.py "$(ADDRESS)"

student: $(READY)
	@$(PY) tools/student.py $(if $(LANGUAGE),--language $(LANGUAGE)) $(ARGS)

# One list for every platform and every supported Python; the last line is the package itself, editable.
update: $(READY)
	@.venv/bin/uv pip compile pyproject.toml --extra test --group dev --universal --fork-strategy fewest --upgrade \
	    --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file .venv/requirements.txt
	@echo "-e ." >> .venv/requirements.txt
	@cp .venv/requirements.txt requirements.txt
	@git --no-pager diff --stat -- requirements.txt

clean:
	rm -rf .venv .venv-oldest build dist site *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml tools/environment.sh
	@sh tools/environment.sh "$(PYTHON)"
