"""`make grade`: students' notebooks, run and counted."""

import csv
import importlib.util
import sys
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
STEMS = "check('01.1', lambda stems: sum(stems[name] for name in stems if name != 'vocals'))"


@pytest.fixture
def student(tmp_path, monkeypatch):
    """Writes a notebook of these cells; `sepmodels` is found from anywhere."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def write(*cells, name="student"):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    return write


def remarks(rows):
    return {row["exercise"]: row["remark"] for row in rows}


def test_points_are_what_check_says_and_a_broken_cell_costs_only_itself(student, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_LECTURER", "answers")
    path = student(
        IMPORTS,
        FOLD,
        "1 / 0",
        "check('12.2', lambda t, j, k: [t])",
        "check('11.2', lambda skip, x: sm.layers.CropConcat()((skip, x)))",
        "assert 'SECRET_OF_THE_LECTURER' not in os.environ and os.listdir() == []\n" + STEMS,
    )
    rows = grading.grade([path])
    said = remarks(rows)
    assert said["12.1"] == said["01.1"] == "correct"
    assert said["12.2"].startswith("runs, but")
    assert said["12.3"] == "not asked"
    assert said["11.2"].startswith("right, but that is the library's own"), "no point for it"
    assert {row["exercise"] for row in rows if row["points"]} == {"12.1", "01.1"}
    assert all(row["time"] >= 0 for row in rows if row["points"])
    assert nbformat.read(path, as_version=4).cells[1].outputs == [], "the file stays as it is"


def test_errors_and_endless_loops_belong_to_their_exercise(student):
    path = student(
        IMPORTS,
        "def my_frames(t, j, k)\n    return t",
        "check('12.2', my_frames)",
        "def my_backward(x, k, gru):\n    while True: pass\ncheck('12.3', my_backward)",
        "check('11.1', my_upsample)",
        "check('11.2', lambda skip, x: (yield)",
        STEMS,
    )
    said = remarks(grading.grade([path], answer_seconds=8))
    assert said["12.2"] == "SyntaxError: expected ':' (line 1)"
    assert said["12.3"] == "no result within 8 s: an endless loop?"
    assert said["11.1"] == "NameError: name 'my_upsample' is not defined"
    assert said["11.2"].startswith("SyntaxError: ") and "(line 1)" in said["11.2"]
    assert said["01.1"] == "correct", "the notebook goes on after a loop"


def test_a_time_limit_holds_for_the_whole_notebook_and_a_dead_kernel_ends_it(student):
    slow = student(IMPORTS, STEMS, *["time.sleep(60)"] * 3, FOLD, name="slow")
    dead = student(IMPORTS, STEMS, "os._exit(1)", FOLD, name="dead")
    rows = grading.grade([slow, dead], seconds=45)
    of = {name: remarks(r for r in rows if r["name"] == name) for name in ("slow", "dead")}
    assert of["slow"]["01.1"] == of["dead"]["01.1"] == "correct"
    assert of["slow"]["12.1"] == "not reached in 45 s"
    assert of["dead"]["12.1"] == "not reached: an earlier cell ended the process"


def test_what_is_no_notebook_of_the_course_has_one_line(student, tmp_path):
    (tmp_path / "essay.ipynb").write_text("Dear teacher,")
    first, second = grading.grade([student("1 + 1"), tmp_path / "essay.ipynb"])
    assert first["remark"] == "asks `check` about no exercise of the course"
    assert second["name"] == "essay" and second["remark"].startswith("cannot be read as a notebook")


def test_the_gradebook_is_a_table(student, tmp_path, monkeypatch, capsys):
    output = tmp_path / "new" / "grades.csv"
    path = student(IMPORTS, STEMS, name="ana")
    monkeypatch.setattr(sys, "argv", ["grade", str(path), "-o", str(output)])
    grading.main()
    with output.open(newline="") as file:
        lines = {row["exercise"]: row for row in csv.DictReader(file)}
    assert tuple(lines["01.1"]) == ("name", "exercise", "points", "time", "remark")
    assert lines["01.1"]["name"] == "ana" and lines["01.1"]["points"] == "1"
    assert lines["01.2"]["points"] == "0" and lines["01.2"]["remark"] == "not asked"
    assert "ana: 1 of 3 points" in capsys.readouterr().out
