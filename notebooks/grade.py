"""Run students' notebooks and write a gradebook of the exercises that they solve.

    make grade FILES="*.ipynb"        or: python notebooks/grade.py a.ipynb b.ipynb -o grades.csv

Every notebook runs from top to bottom in a process and a folder of its own, several at a time,
within a time limit and without the environment variables of the grader. This protects against
mistakes and not against malice: run code from people you do not trust in a container without a
network. The points are those that `check` reports for the exercises of the course's own notebook;
an answer that calls the library's own function earns none. A cell that prints "12.1: correct" by
itself is found by reading the notebook.
"""

import argparse
import asyncio
import csv
import datetime
import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

from sepmodels.course.exercises import EXERCISES

COLUMNS = ("name", "exercise", "points", "time", "remark")
ASKED = re.compile(r"""check\(\s*["'](\d\d\.\d+)["']""")
SAID = re.compile(r"^(\d\d\.\d+): (.*)$", re.M)
# A kernel has to find Python, its home and the library; it gets nothing else.
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PREFER_ENV_PATH")
ADDED = {"SEPMODELS_QUICK": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def grade(paths, seconds=300, answer_seconds=60, jobs=2):
    """Grade notebooks, several at a time.

    Args:
        paths: list of path. The students' notebooks, named after the students.
        seconds: float. Limit for a whole notebook. Defaults to `300`.
        answer_seconds: float. Limit for a cell that calls `check`; it is interrupted, and the next
            cells run. Defaults to `60`.
        jobs: int. Notebooks that run at the same time. Defaults to `2`.

    Returns:
        list of dict with the keys `COLUMNS`: a line for each exercise of the chapters that a
        notebook asks about. `time` is that of the cell in seconds. A file that is no notebook of
        the course has one line, without an exercise.
    """
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # the gradebook says all of it

    async def run_all():
        free = asyncio.Semaphore(jobs)
        return await asyncio.gather(
            *(_grade(Path(p), seconds, answer_seconds, free) for p in paths)
        )

    return [row for rows in asyncio.run(run_all()) for row in rows]


async def _grade(path, seconds, answer_seconds, free):
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its parsers do
        return [_row(path, "", remark=f"cannot be read as a notebook: {type(error).__name__}")]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    chapters = {number.split(".")[0] for cell in cells for number in ASKED.findall(cell.source)}
    rows = {n: _row(path, n) for n in EXERCISES if n.split(".")[0] in chapters}
    if not rows:
        return [_row(path, "", remark="asks `check` about no exercise of the course")]
    for cell in cells:
        cell.outputs = []  # what the student's own run left
    async with free:
        stopped = await _run(notebook, seconds, answer_seconds)
    for number in rows:
        where = next(
            (i for i, cell in enumerate(cells) if number in ASKED.findall(cell.source)), None
        )
        if where is not None:
            rows[number] |= _find_remark(cells, where, number, answer_seconds) or (
                {"remark": stopped or "not asked"}
            )
    return list(rows.values())


async def _run(notebook, seconds, answer_seconds):
    """Execute a notebook in place, and say why it ended early, if it did."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "notebooks"
        inside.mkdir()
        client = nbclient.NotebookClient(
            notebook,
            timeout_func=lambda cell: answer_seconds if ASKED.search(cell.source) else seconds,
            interrupt_on_timeout=True,
            allow_errors=True,  # a cell that fails does not affect later exercises
            resources={"metadata": {"path": str(inside)}},
        )
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                kernel = {"env": {**kept, **ADDED}, "stderr": subprocess.DEVNULL}
                await client.async_execute(**kernel)
        except (TimeoutError, nbclient.exceptions.DeadKernelError):  # the client confuses the two
            if limit.expired():
                return f"not reached in {seconds} s"
            return "not reached: an earlier cell ended the process"
    return ""


def _find_remark(cells, where, number, limit):
    """What `check` said in the cell that asks, or the error that kept it from saying anything."""
    cell = cells[where]
    row = {"time": _measure(cell)}
    texts = [output.get("text", "") for output in cell.outputs]
    said = dict(pair for text in texts for pair in SAID.findall(text))
    if number in said:
        return row | {"points": int(said[number] == "correct"), "remark": said[number]}
    error = _find_error(cell)
    missing = re.match(r"NameError: name '(\w+)'", error)
    if missing:  # the cell that should define it is to blame
        defining = re.compile(rf"def {missing[1]}\b|^{missing[1]}\s*=", re.M)
        blamed = [_find_error(c) for c in cells[:where] if defining.search(c.source)]
        error = next(filter(None, blamed), error)
    if error.startswith("KeyboardInterrupt"):
        error = f"no result within {limit} s: an endless loop?"
    return row | {"remark": error} if error else {}


def _find_error(cell):
    for output in cell.outputs:
        if output.output_type == "error":
            text = re.sub(r"\([^()]*, line (\d+)\)", r"(line \1)", output.evalue)
            # Python 3.13 gives unfinished code a private kind of SyntaxError.
            kind = "SyntaxError" if output.ename == "_IncompleteInputError" else output.ename
            return " ".join(f"{kind}: {text}".split())
    return ""


def _measure(cell):
    spent = cell.metadata.get("execution", {})
    ends = [spent.get(name) for name in ("iopub.execute_input", "shell.execute_reply")]
    if None in ends:
        return ""
    start, end = map(datetime.datetime.fromisoformat, ends)
    return round((end - start).total_seconds(), 1)


def _row(path, number, remark="not asked"):
    return dict(zip(COLUMNS, (path.stem, number, 0, "", remark), strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="the gradebook, a CSV file")
    parser.add_argument("--seconds", type=float, default=300, help="limit for each notebook")
    parser.add_argument("--answer-seconds", type=float, default=60, help="limit for each answer")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    arguments = parser.parse_args()
    rows = grade(arguments.notebooks, arguments.seconds, arguments.answer_seconds, arguments.jobs)
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        print(f"{name}: {sum(row['points'] for row in own)} of {len(own)} points")
        for row in own:
            print(f"  {row['exercise']}  {row['remark']}")
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        with arguments.output.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows(rows)
        print(f"gradebook: {arguments.output}")


if __name__ == "__main__":
    sys.exit(main())
