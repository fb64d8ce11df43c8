"""The API reference has a page for every public name, in a form that Sphinx reads."""

import importlib.util
import inspect
import types
from pathlib import Path

import pytest

import sepmodels as sm

PATH = Path(__file__).parents[1] / "notebooks" / "reference.py"


@pytest.fixture
def reference(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("reference", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAGES", tmp_path)
    module.write_pages(None)
    return module


def read(reference, name):
    return (reference.PAGES / f"{reference.ENTRIES[name].page}.rst").read_text(encoding="utf-8")


def test_every_public_name_has_one_page(reference):
    items = [entry.item for entry in reference.ENTRIES.values() if callable(entry.item)]
    assert len(set(map(id, items))) == len(items)
    for space in (sm, sm.audio, sm.datasets, sm.layers, sm.models, sm.metrics, sm.signal):
        for name in space.__all__:
            item = getattr(space, name)
            assert not callable(item) or item in items, f"{space.__name__}.{name}"
    pages = [entry.page.casefold() for entry in reference.ENTRIES.values()]
    assert len(set(pages)) == len(pages), "file systems may not tell the case"
    assert {path.stem.casefold() for path in reference.PAGES.glob("*.rst")} == set(pages)


def test_a_page_leads_to_the_notebook_that_explains_it(reference):
    page = read(reference, "sepmodels.layers.DilatedGRU")
    assert ".. autoclass:: sepmodels.layers.DilatedGRU" in page
    assert "Explained in :doc:`/12_dilated_gru`." in page
    assert "/31_evaluate_sdr" in read(reference, "sepmodels.metrics.bss_eval")
    assert ":doc:`separate <separate>`" in read(reference, "sepmodels.separation")


def test_indented_files_stay_as_they_are(reference):
    lines = ["Files:", "", "    root/a_-_b/mix.wav", "", "Not x_ and `y_`."]
    changed = ["Files::", "", "    root/a_-_b/mix.wav", "", r"Not x\_ and ``y_``."]
    assert reference.to_rst(lines) == changed
    assert reference.to_rst(["Args:", "    x: int."]) == ["Args:", "    x: int."]


def test_a_constant_shows_its_definition(reference):
    page = read(reference, "sepmodels.recipes.DILATED_CONV_GRU")
    assert "DILATED_CONV_GRU = Recipe(" in page and "training/recipes/laptop.py" in page


def test_markdown_becomes_restructuredtext(reference):
    text = """Uses `x[t]`, `layers.STFT` and `a
        + b`; see [the paper](https://example.org/a).

        | | differs by |
        |---|---|
        | M1 | `channels=1` |

        >>> print("`kept`")
        `kept`
        """
    lines = reference.to_rst(inspect.cleandoc(text).splitlines())
    assert (
        lines[0]
        == "Uses ``x[t]``, :py:obj:`layers.STFT <sepmodels.layers.STFT>` and ``a + b``; see "
        "`the paper <https://example.org/a>`__."
    )
    assert "   * - M1" in lines and "     - ``channels=1``" in lines
    assert lines[-2:] == ['>>> print("`kept`")', "`kept`"]


def test_the_source_of_a_name_leads_back_to_its_page(reference, tmp_path):
    """Sphinx takes all names of a module for those of one namespace."""
    for name in ("evaluate", "evaluation.summarize"):
        (tmp_path / "api").mkdir(exist_ok=True)
        (tmp_path / "api" / f"{name}.html").write_text(f'<dt id="sepmodels.{name}">')
    source = tmp_path / "_modules" / "sepmodels" / "song.html"
    source.parent.mkdir(parents=True)
    link = '<a class="viewcode-back" href="../../api/{}.html#sepmodels.{}">'
    wrong = link.format("evaluation.summarize", "summarize")
    source.write_text(link.format("evaluate", "evaluate") + wrong)
    reference.mend_back_links(types.SimpleNamespace(outdir=tmp_path), None)
    right = link.format("evaluation.summarize", "evaluation.summarize")
    assert source.read_text() == link.format("evaluate", "evaluate") + right
