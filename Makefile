# `make run` is the first thing to try, `make help` lists the rest.

VENV ?= .venv
# The first Python on this machine that will do. Another one: make run PYTHON=/path/to/python
PYTHON ?= $(shell for python in python3 python3.12 python3.11 python3.13; do \
	$$python -c 'import sys; v = sys.version_info; print(sys.executable); sys.exit(not (3, 11) <= v < (3, 14))' \
	2>/dev/null && break; done | tail -n 1)

# Those in whose empty environments `make dist` uses the wheel
PYTHONS ?= python3.11 python3.13

BIN := $(VENV)/bin
READY := $(VENV)/.ready
FIRST := 00_start_here

ifneq ($(shell command -v uv),)
CREATE = uv venv --quiet --seed --python "$(PYTHON)" $(VENV)
INSTALL = uv pip install --python $(BIN)/python
else
CREATE = "$(PYTHON)" -m venv $(VENV)
INSTALL = $(BIN)/python -m pip install
endif

# The notebooks run on this environment, whatever kernels the user has elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
unexport JUPYTER_PATH PYTHONPATH PYTHONHOME
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help run lab fuzz test grade solutions slides colab book bench soak dist lint format clean
.DELETE_ON_ERROR:

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: $(READY)  ## take a real song apart: notebook 00 as a web page, and its scores
	@mkdir -p runs && rm -f runs/$(FIRST).html runs/$(FIRST).csv
	$(BIN)/python notebooks/pages.py runs notebooks/$(FIRST).ipynb --execute
	@$(BIN)/python -c "import pandas; print(pandas.read_csv('runs/$(FIRST).csv').to_string(index=False))"
	@echo "Listen and look: open runs/$(FIRST).html in a browser. Step through it: make lab"

lab: $(READY)  ## open the course in JupyterLab
	$(BIN)/jupyter lab --LabApp.news_url=None notebooks/$(FIRST).ipynb

test: $(READY)  ## run every test; ARGS go to pytest, as in make test ARGS="-m 'not notebooks'"
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

fuzz: $(READY)  ## read 100,000 damaged audio files, hours; ARGS="--mutants 1000" for fewer
	$(BIN)/python tests/audio/fuzz.py $(ARGS)

grade: $(READY)  ## write a gradebook of students' notebooks: make grade FILES="*.ipynb"
	$(BIN)/python notebooks/grade.py $(FILES) --output runs/grades.csv $(ARGS)

solutions: $(READY)  ## write the book of solutions for lecturers, runs/solutions
	$(BIN)/python notebooks/solutions.py runs/solutions
	$(BIN)/python notebooks/pages.py runs/solutions runs/solutions/solutions.ipynb

slides: $(READY)  ## run notebooks and make slides of them: make slides FILES=notebooks/12_dilated_gru.ipynb
	$(BIN)/python notebooks/pages.py runs/slides $(or $(FILES),notebooks/*.ipynb) --execute --slides

colab: $(READY)  ## make runs/colab, notebooks and README for Colab: make colab URL=https://github.com/OWNER/NAME
	$(BIN)/python notebooks/colab.py "$(URL)" runs/colab $(ARGS)

book: $(READY)  ## run all notebooks and build the site runs/book; SEPMODELS_SAMPLE=lithium: without the NC clip
	$(INSTALL) -e ".[book]"
	$(BIN)/sphinx-build -W --keep-going $(ARGS) notebooks runs/book
	@echo "Read: open runs/book/index.html in a browser"

bench: $(READY)  ## measure speed and memory side by side; minutes each, best on an idle machine
	@for script in tests/benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; done

soak: $(READY)  ## kill trainings a hundred times and count those that end the same; an hour or more
	$(BIN)/python scripts/soak.py $(ARGS)

dist: $(READY)  ## build wheel and sdist, and use the wheel in empty environments of both ends
	rm -rf dist
	$(INSTALL) build twine
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/python scripts/check_wheel.py dist/*.whl $(PYTHONS)

lint: $(READY)  ## check the form of code and notebooks, and the types of the library
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## bring code and notebooks into that form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and the caches, not runs/
	rm -rf $(VENV) .pytest_cache notebooks/api notebooks/jupyter_execute .ruff_cache .hypothesis
	find sepmodels tests notebooks -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml | $(BIN)/python
	$(INSTALL) -r requirements.txt
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make run PYTHON=/path/to/python"; exit 1; }
	$(CREATE) || { rm -rf $(VENV); echo "No environment could be made. Install uv, or the venv module of $(PYTHON) (on Debian: apt install python3-venv)."; exit 1; }
