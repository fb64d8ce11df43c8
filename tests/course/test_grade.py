"""`make grade`: a student's notebook, run and counted."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("grade", ROOT / "notebooks" / "grade.py")
grading = importlib.util.module_from_spec(spec)
spec.loader.exec_module(grading)

IMPORTS = "import os, time\nimport sepmodels as sm\nfrom sepmodels.course import check"
FOLD = """def my_fold(x, k):
    rows = x.reshape(len(x), -1, k, x.shape[2]).swapaxes(1, 2)
    return rows.reshape(-1, x.shape[1] // k, x.shape[2])
check('12.1', my_fold)"""


@pytest.fixture
def student(tmp_path, monkeypatch):
    """Writes a notebook of these cells; `sepmodels` is found from anywhere."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def write(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        path = tmp_path / "student.ipynb"
        nbformat.write(notebook, path)
        return path

    return write


def test_points_are_what_check_says_and_a_broken_cell_costs_only_itself(student, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_LECTURER", "answers")
    path = student(
        IMPORTS,
        FOLD,
        "1 / 0",
        "check('12.2', lambda t, j, k: [t])",
        "check('11.2', lambda skip, x: sm.layers.CropConcat()((skip, x)))",
        "print(os.environ.get('SECRET_OF_THE_LECTURER'), sorted(os.listdir()))",
        "print('12.3: correct'.replace('12', '99'))",
    )
    answers = grading.grade(path)
    assert answers["12.1"] == "correct"
    assert answers["12.2"].startswith("runs, but")
    assert answers["12.3"] == "not asked"
    assert answers["11.2"].startswith("right, but that is the library's own"), "no point for it"
    assert nbformat.read(path, as_version=4).cells[1].outputs == [], "the file stays as it is"


def test_the_time_limit_is_one_for_all_cells(student):
    said = "import time; print('12.1: correct')  # as check('12.1', ...) would"
    answers = grading.grade(student(said, *["time.sleep(2)"] * 9), seconds=6)
    assert answers["12.1"] == "correct" and answers["12.2"] == "not reached in 6 s"


def test_a_notebook_of_something_else_is_refused(student):
    with pytest.raises(ValueError, match=r"student\.ipynb asks `check` about no exercise"):
        grading.grade(student("1 + 1"))
