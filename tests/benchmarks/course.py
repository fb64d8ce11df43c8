"""What each notebook asks of a reader and of a machine: the table in the README.

    python tests/benchmarks/course.py                # all of them
    python tests/benchmarks/course.py 00 12 --html runs/course
    python tests/benchmarks/course.py 21 25 --seed 1    # do the claims hold for another seed?

Runs the notebooks one after the other, from top to bottom, as Jupyter would, in quick mode unless
SEPMODELS_QUICK=0. The time is that of the whole run, with the start of the kernel; the memory is
the most that the kernel held at a time.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbconvert
import nbformat

ROOT = Path(__file__).parents[2]
PEAK = """
import resource as _resource
print(_resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss)
"""
# What one waits for before anything is seen, each in a fresh process.
FIRST = {
    "import sepmodels": "import sepmodels",
    "... and take the sample song apart": """
import sepmodels as sm
song = sm.datasets.sample.load()
sm.separate(sm.load_pretrained(), song.mixture, song.sample_rate)
""",
}


def run(path, seed=0):
    """The executed notebook, its seconds and its peak memory in GB."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"^SEED = 0$", f"SEED = {seed}", cell.source, flags=re.M)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder, "notebooks")  # beside `runs`, as in the checkout
        here.mkdir()
        client = nbclient.NotebookClient(
            notebook, timeout=3600, resources={"metadata": {"path": str(here)}}
        )
        start = time.perf_counter()
        client.execute()
        seconds = time.perf_counter() - start
    kibibytes = notebook.cells.pop().outputs[0].text
    return notebook, seconds, int(kibibytes) * 1024 / 1e9


def question(notebook):
    asked = re.search(r"\*\*Question\.\*\*(.*?)\n\n", notebook.cells[0].source, re.DOTALL)
    return " ".join(asked[1].split())


def count(notebook):
    """What a reader meets: figures, sounds, exercises and words, which formulas are not."""
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    outputs = [
        output.get("data", {})
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    return (
        sum("image/png" in data for data in outputs),
        sum(data.get("text/html", "").count("<audio ") for data in outputs),
        len(set(re.findall(r"\bcheck\(\"([\d.]+)\"", code))),
        len(re.sub(r"\$\$.*?\$\$", "", words, flags=re.DOTALL).split()),
    )


def first_steps():
    for what, code in FIRST.items():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        print(f"{what:36}{statistics.median(times):5.1f} s, median of {len(times)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", help="of the notebooks; all of them if none")
    parser.add_argument("--html", type=Path, help="a folder to keep the executed notebooks in")
    parser.add_argument("--seed", type=int, default=0, help="the SEED of the notebooks")
    options = parser.parse_args()
    notebooks = os.pathsep.join([str(ROOT / "notebooks"), str(ROOT)])
    os.environ |= {"PYTHONPATH": notebooks, "JUPYTER_PREFER_ENV_PATH": "1"}
    print(f"{os.cpu_count()} CPU cores, load {os.getloadavg()[0]:.1f}", flush=True)
    first_steps()
    columns = "no.", "the question", "s", "GB", "figures", "sounds", "exercises", "words"
    print(f"\n| {' | '.join(columns)} |\n|---|---|{'---:|' * (len(columns) - 2)}", flush=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if options.numbers and path.stem[:2] not in options.numbers:
            continue
        notebook, seconds, gigabytes = run(path, options.seed)
        name = f"[{path.stem.replace('_', ' ', 1)}](notebooks/{path.name})"
        cells = name, question(notebook), f"{seconds:.0f}", f"{gigabytes:.1f}"
        print(f"| {' | '.join([*cells, *map(str, count(notebook))])} |", flush=True)
        if options.html:
            options.html.mkdir(parents=True, exist_ok=True)
            page, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
            (options.html / f"{path.stem}.html").write_text(page)


if __name__ == "__main__":
    main()
