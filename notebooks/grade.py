"""Run a student's notebook and count the exercises that it solves.

    make grade FILE=student.ipynb        or: python notebooks/grade.py student.ipynb [...]

The notebook runs from top to bottom in a process and a folder of its own, with a time limit and
without the environment variables of the grader. This protects against mistakes and not against
malice: run code from people you do not trust in a container without a network. The points are those
that `check` reports for the exercises of the course's own notebook; an answer that calls the
library's own function earns none. A cell that prints "12.1: correct" by itself is found by reading
the notebook.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

from sepmodels.course.exercises import EXERCISES

# A kernel has to find Python, its home and the library; it gets nothing else.
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PREFER_ENV_PATH")


def grade(path, seconds=300):
    """Points for one notebook.

    Args:
        path: path. The student's notebook; its exercises are those that it passes to `check`, and
            all others of the same course notebook.
        seconds: int. Limit for the whole run. Defaults to `300`.

    Returns:
        dict from the number of each exercise to the result of `check`: `"correct"`, what is wrong,
        or `"not asked"` if the notebook did not reach it.

    Raises:
        ValueError: if the file is not a notebook of the course.
    """
    notebook = nbformat.read(path, as_version=4)
    asked = re.findall(r"""check\(\s*["'](\d\d\.\d+)["']""", "\n".join(_code(notebook)))
    chapters = {number.split(".")[0] for number in asked}
    answers = {n: "not asked" for n in EXERCISES if n.split(".")[0] in chapters}
    if not answers:
        raise ValueError(f"{path} asks `check` about no exercise of the course")
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "notebooks"
        inside.mkdir()
        client = _Limited(
            notebook,
            timeout=seconds,
            allow_errors=True,  # a cell that fails does not affect later exercises
            resources={"metadata": {"path": str(inside)}},
        )
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        try:
            client.execute(env={**kept, "SEPMODELS_QUICK": "1", "TF_CPP_MIN_LOG_LEVEL": "3"})
        except nbclient.exceptions.CellTimeoutError:
            answers = {n: f"not reached in {seconds} s" for n in answers}
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for output in cell.outputs:
            for number, said in re.findall(r"^(\d\d\.\d+): (.*)$", output.get("text", ""), re.M):
                if number in answers:
                    answers[number] = said
    return answers


class _Limited(nbclient.NotebookClient):
    """Limits the time of all cells together: limits for single cells would add up."""

    spent = 0.0

    async def async_execute_cell(self, cell, *rest, **more):
        began = time.monotonic()
        full, self.timeout = self.timeout, max(1, int(self.timeout - self.spent))
        try:
            return await super().async_execute_cell(cell, *rest, **more)
        finally:
            self.timeout = full
            self.spent += time.monotonic() - began

    execute_cell = nbclient.util.run_sync(async_execute_cell)


def _code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--seconds", type=int, default=300, help="limit for each notebook")
    arguments = parser.parse_args()
    for path in arguments.notebooks:
        answers = grade(path, arguments.seconds)
        points = sum(said == "correct" for said in answers.values())
        print(f"{path.name}: {points} of {len(answers)} points")
        for number, said in answers.items():
            print(f"  {number}  {said}")


if __name__ == "__main__":
    sys.exit(main())
