"""What `make solutions`, `make slides` and the pages of notebooks contain."""

import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest

from sepmodels.course import EXERCISES, judge

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, NOTEBOOKS / f"{name}.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


solutions, pages = load_script("solutions"), load_script("pages")


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("number", EXERCISES)
def test_a_key_runs_as_a_cell_of_its_own_and_is_right(number):
    names = {}
    exec(solutions.find_key(number), names)
    assert judge(number, names["answer"]).state in ("correct", "library")


def test_the_book_asks_every_exercise_and_gives_its_hints(tmp_path):
    book = nbformat.read(solutions.write_book(tmp_path), as_version=4)
    nbformat.validate(book)
    text = "\n".join(cell.source for cell in book.cells)
    assert all(text.count(f"### Exercise {number} ") == 1 for number in EXERCISES)
    assert all(hint in text for exercise in EXERCISES.values() for hint in exercise.traps)
    assert "In the library:" in text and "def mu_law_encode(" in text


def test_every_section_begins_a_slide_and_long_code_is_left_out():
    source = nbformat.read(NOTEBOOKS / "12_dilated_gru.ipynb", as_version=4)
    before = [cell.source for cell in source.cells]
    cells = pages.mark_slides(source).cells
    assert "".join("".join(before).split()) == "".join("".join(c.source for c in cells).split())
    headed = [cell for cell in cells if cell.source.startswith("#") and cell.cell_type != "code"]
    assert len(headed) > 5
    assert all(cell.metadata["slideshow"]["slide_type"] == "slide" for cell in headed)
    for cell in (cell for cell in cells if cell.cell_type == "code"):
        hidden = cell.get("transient", {}).get("remove_source")
        assert hidden or len(cell.source.splitlines()) <= pages.LONGEST


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_all_formulas_of_a_page_are_drawn_without_a_network(path, tmp_path):
    page = pages.write_page(path, tmp_path).read_text()
    words = re.sub(r"<(pre|code|style|script|annotation)\b.*?</\1>", "", page, flags=re.S)
    assert "$" not in words and "<mi>&</mi>" not in words  # nor a command that was not understood
    source = "".join(
        cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type != "code"
    )
    assert ("$$" in source) == ('display="block"' in page)
    assert not re.search(r"<(script|link|img)\b[^>]*(src|href)=.https?:", page)
    assert re.search(
        r"@media \(prefers-color-scheme: dark\) {.*--jp-layout-color0: #111;", page, re.S
    )


@pytest.mark.parametrize(("choice", "named"), [("falcon", True), ("lithium", False)])
def test_the_footer_of_the_book_names_what_others_made(choice, named, monkeypatch):
    monkeypatch.setenv("SEPMODELS_SAMPLE", choice)
    monkeypatch.setenv("PYTHONPATH", "")  # the settings change both
    monkeypatch.setattr(sys, "path", [*sys.path])
    footer = load_script("conf").html_theme_options["extra_footer"]
    assert "CC0" in footer and ("CC BY-NC-SA" in footer) == ("Falcon" in footer) == named


def test_dollars_in_code_are_no_formulas():
    text = "a `$x$`, $y_1$ and ```\n$$z$$\n```, 5 $ or 6 $"
    drawn = pages.draw_formulas(text)
    assert "`$x$`" in drawn and "$$z$$" in drawn and drawn.count("<math") == 1
