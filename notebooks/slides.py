"""Mark the cells of notebooks as slides, for `jupyter nbconvert --to slides`.

    make slides        or: python notebooks/slides.py runs/slides notebooks/*.ipynb

A heading begins a slide, and a cell after it goes below. Code longer than a slide is left out, its
picture or player is not.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

LONGEST = 12  # lines of code that are still legible on a slide


def mark(notebook):
    """Return a notebook whose cells are slides; a long text becomes one slide for each section."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts = re.split(r"\n(?=#{2,3} )", cell.source)
            parts = [nbformat.v4.new_markdown_cell(text.strip()) for text in texts if text.strip()]
        else:
            parts = [cell]
            if len(cell.source.splitlines()) > LONGEST or "load_tensorflow" in cell.source:
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), "remove_input"]
        for part in parts:
            first = part.cell_type == "markdown" and part.source.startswith("#")
            part.metadata["slideshow"] = {"slide_type": "slide" if first else "subslide"}
        cells += parts
    notebook.cells = cells
    return notebook


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("notebooks", nargs="+", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in arguments.notebooks:
        nbformat.write(mark(nbformat.read(path, as_version=4)), arguments.folder / path.name)


if __name__ == "__main__":
    sys.exit(main())
