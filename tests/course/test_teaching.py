"""What the page for instructors plans is what the notebooks have."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGE = (NOTEBOOKS / "teaching.md").read_text()
FILES = {path.stem[:2]: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
TEXTS = {
    number: [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for number, path in FILES.items()
}
SECTIONS = {
    number: len(re.findall(r"^## \d\.", "\n".join(texts), re.M)) for number, texts in TEXTS.items()
}
MINUTES = {
    number: ([int(part) for part in parts.split(", ")], int(total))
    for number, parts, total in re.findall(r"^\| (\d\d) \| ([\d, ]+) \| (\d+) \|$", PAGE, re.M)
}
SCHEDULES = dict(re.findall(r"^\| (4|8|12) \| ([^|]*) \|", PAGE.partition("## Minutes")[0], re.M))


def find_needs(number):
    (line,) = re.findall(r"\*Needs:\* (.*)", TEXTS[number][0])
    return set(re.findall(r"\b\d\d\b", line))


def test_every_section_has_its_minutes():
    assert {number: len(parts) for number, (parts, _) in MINUTES.items()} == SECTIONS
    assert all(sum(parts) == total for parts, total in MINUTES.values())


@pytest.mark.parametrize("hours", ("4", "8", "12"))
def test_a_schedule_fits_its_hours_and_holds_what_its_notebooks_need(hours):
    taken, spent = set(), 0
    for entry in SCHEDULES[hours].split("; "):
        numbers = re.findall(r"\b\d\d\b", entry)
        assert set.union(*map(find_needs, numbers)) <= taken, f"{entry} needs more than {taken}"
        taken |= set(numbers)
        sections = [int(section) for section in re.findall(r"\b\d\b", entry)]
        if " to " in entry:
            sections = range(sections[0], sections[1] + 1)
        parts = [MINUTES[number][0] for number in numbers]
        spent += max(sum(p[s - 1] for s in sections) if sections else sum(p) for p in parts)
    assert spent <= 60 * int(hours)
