"""`make colab`: copies of the notebooks that Colab can open."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("colab", ROOT / "notebooks" / "colab.py")
colab = importlib.util.module_from_spec(spec)
spec.loader.exec_module(colab)

URL = "https://github.com/someone/sepmodels"


@pytest.fixture
def notebook():
    return nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)


def test_adds_a_badge_and_a_cell_and_changes_nothing_else(notebook):
    before = nbformat.writes(notebook)
    ready = colab.for_colab(notebook, "00_start_here.ipynb", URL)
    nbformat.validate(ready)
    assert nbformat.writes(notebook) == before
    title, install, *rest = ready.cells
    assert "/someone/sepmodels/blob/main/notebooks/00_start_here.ipynb" in title.source
    assert title.source.endswith(notebook.cells[0].source)
    assert install.cell_type == "code"
    assert rest == notebook.cells[1:]


def test_installs_the_library_and_keeps_what_the_runtime_has(notebook, tmp_path, monkeypatch):
    lines = colab.for_colab(notebook, "any.ipynb", URL).cells[1].source.splitlines()
    magic = lines.pop()
    monkeypatch.chdir(tmp_path)
    exec("\n".join(lines), {})
    kept = (tmp_path / "kept.txt").read_text().split()
    assert f"tensorflow=={importlib.metadata.version('tensorflow')}" in kept
    assert [line.partition("==")[0] for line in kept] == ["numpy", "tensorflow", "keras"]
    assert magic.startswith("%pip install") and "--constraint kept.txt" in magic
    assert magic.endswith(f'"sepmodels[musdb] @ git+{URL}"')


def test_the_table_of_the_readme_links_to_colab():
    text = (ROOT / "README.md").read_text()
    linked = colab.link_readme(text, URL, branch="colab")
    names = [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    for name in names:
        address = f"colab.research.google.com/github/someone/sepmodels/blob/colab/notebooks/{name}"
        assert f"](notebooks/{name}) ([Colab](https://{address})) | " in linked
    assert linked.count("[Colab]") == len(names)
    assert re.sub(r" \(\[Colab\]\([^)]+\)\)", "", linked) == text


@pytest.mark.parametrize("url", ["", "someone/sepmodels", "https://gitlab.com/a/b"])
def test_an_address_that_colab_cannot_open_is_refused(notebook, url):
    with pytest.raises(ValueError, match=r"url must be https://github.com/OWNER/NAME"):
        colab.for_colab(notebook, "any.ipynb", url)
