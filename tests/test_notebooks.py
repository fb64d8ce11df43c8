"""The form of the notebooks, and a run of each from top to bottom in quick mode."""

import ast
import json
import os
import re
from pathlib import Path

import matplotlib
import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# Machines, drives and homes; a notebook must run on every one of them.
ABSOLUTE = re.compile(r"""["'](?:/(?:home|Users|content|root|tmp|mnt|data)/|~/|[A-Z]:\\)""")
FORBIDDEN = re.compile(r"^\s*[!%]\s*(?:pip|conda|apt)\b|^\s*!|\bos\.system\b|\bsubprocess\b", re.M)
# Small settings, but on a GPU.
QUICK = re.compile(r"^QUICK = .*SEPMODELS_QUICK.*if gpus", re.M)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    notebook = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS][:1] == ["00_start_here"]


@each_notebook
def test_file_is_clean(path):
    notebook = json.loads(path.read_text())
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert not any("attachments" in cell for cell in notebook["cells"])


@each_notebook
def test_first_cells(path):
    number = path.stem.partition("_")[0]
    title, code = cells(path, "markdown")[0], cells(path, "code")
    assert title.startswith(f"# {number} · "), "the first cell names the notebook"
    assert re.search(r"\*\*Question\.\*\* .*\?", title), "and asks its question"
    for word in ("*Needs:*", "*Takes:*"):
        assert word in title
    parameters = [source for source in code if QUICK.search(source)]
    assert len(parameters) == 1 and parameters[0] in code[:2], "one parameters cell, at the top"
    assert "seed" in parameters[0].lower()


@each_notebook
def test_full_size_is_for_a_gpu_or_who_asks_for_it(path, monkeypatch):
    parameters = next(source for source in cells(path, "code") if QUICK.search(source))

    def quick(gpus, asked):
        monkeypatch.setattr("sepmodels.load_tensorflow", lambda: gpus)
        monkeypatch.delenv("SEPMODELS_QUICK", raising=False)
        if asked is not None:
            monkeypatch.setenv("SEPMODELS_QUICK", asked)
        names = {}
        exec(parameters, names)
        return names["QUICK"]

    assert quick([], None) and quick(["a GPU"], "1")
    assert not quick(["a GPU"], None) and not quick([], "0")


@each_notebook
def test_proportions(path):
    words, code = cells(path, "markdown"), cells(path, "code")
    count = len(words) + len(code)
    assert count <= 40
    assert 0.4 <= len(words) / count <= 0.6, f"{len(words)} of {count} cells are words"
    long = [source for source in code if len(source.splitlines()) > 20]
    assert not long, f"over 20 lines: {long}"


@each_notebook
def test_every_figure_has_an_alternative_text(path):
    figures = [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and re.search(r"Figure \d|plt\.show", cell.source)
        if not QUICK.search(cell.source)
    ]
    texts = [cell.metadata["mystnb"]["image"]["alt"] for cell in figures]  # as MyST-NB reads it
    assert all(text.endswith(".") and len(text) > 30 for text in texts)
    assert len(set(texts)) == len(texts)


@each_notebook
def test_code_is_portable(path):
    for source in cells(path, "code"):
        assert not ABSOLUTE.search(source), f"an absolute path in: {source}"
        assert not FORBIDDEN.search(source), f"a notebook installs and calls nothing: {source}"
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(source)))


@each_notebook
def test_colors_are_those_of_the_theme(path):
    for source in cells(path, "code"):
        assert not re.search(r"#[0-9A-Fa-f]{6}\b", source), f"a colour of its own in: {source}"


@each_notebook
def test_no_picture_is_a_white_sheet_on_a_dark_page(path):
    """A map that begins in white, or has it in the middle, must be transparent there."""
    for source in cells(path, "code"):
        for name in re.findall(r'cmap"?[=:] ?"(\w+)"', source):
            least = matplotlib.colormaps[name]([0.0, 0.5])[:, :3].min(axis=1)  # of red, green, blue
            assert "alpha=opacity" in source or all(least < 0.9), f"{name} in: {source}"


@each_notebook
def test_ends_with_what_to_remember(path):
    assert any("## What to remember" in source for source in cells(path, "markdown")[-2:])


def run(path, tmp_path, monkeypatch):
    """The notebook with its outputs; a cell that fails raises."""
    here = tmp_path / "notebooks"  # beside `runs`, as in the checkout
    here.mkdir()
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    # The kernel works elsewhere, so it has to be told where the library and _checks.py are.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER), str(FOLDER.parent)]))
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(here)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=resources).execute()
    return notebook


@pytest.mark.notebooks
@each_notebook
def test_notebook_runs(path, tmp_path, monkeypatch):
    assert not any(
        output.output_type == "error"
        for cell in run(path, tmp_path, monkeypatch).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


@pytest.mark.notebooks
def test_pages_can_do_without_the_clip_whose_licence_forbids_commercial_use(tmp_path, monkeypatch):
    monkeypatch.setenv("SEPMODELS_SAMPLE", "lithium")
    notebook = run(FOLDER / "01_stems_and_mixtures.ipynb", tmp_path, monkeypatch)
    outputs = json.dumps([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])
    assert "Lithium, 14 s to 20 s" in outputs and "Falcon" not in outputs
