"""Write notebooks as web pages that need no network, or as slides.

    python notebooks/pages.py runs notebooks/12_dilated_gru.ipynb --execute [--slides]

A page contains everything it shows; its formulas are MathML, which browsers draw by themselves.
Slides load reveal.js from the network. A heading begins a slide, a cell after it goes below, and
code longer than a slide is left out while its picture or player is not.
"""

import argparse
import re
import sys
from pathlib import Path

import nbconvert
import nbformat
from latex2mathml import converter

# Code, which is left as it is; then formulas on a line of their own, and formulas in a line.
FORMULA = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)|\$\$(?P<block>.+?)\$\$"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$]*?[^\s$])?)\$",
    re.S,
)
DARK = "static/theme-dark.css"  # of nbconvert
# The page follows the browser to a dark theme, and fits a telephone.
PAGE = """
:root { color-scheme: light dark; }
.jp-MarkdownOutput, .jp-InputArea-editor { overflow-x: auto; }
@media (prefers-color-scheme: dark) {
DARK
:root { --jp-mirror-editor-comment-color: #7fb0b0; --jp-mirror-editor-operator-color: #c792ff; }
}
"""
LONGEST = 12  # lines of code that are still legible on a slide


def write_page(path, folder, execute=False, slides=False):
    """Write a notebook as a page.

    Args:
        path: path. The notebook, which is not changed.
        folder: path. Where the page goes, under the name of the notebook.
        execute: bool. Whether to run the notebook first, in its own folder. Defaults to `False`.
        slides: bool. Whether to write slides. Defaults to `False`.

    Returns:
        Path of the page.
    """
    notebook = nbformat.read(path, as_version=4)
    if execute:
        run = nbconvert.preprocessors.ExecutePreprocessor(timeout=None)
        run.preprocess(notebook, {"metadata": {"path": str(Path(path).parent)}})
    if slides:
        mark_slides(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = draw_formulas(cell.source)
    kind = nbconvert.SlidesExporter if slides else nbconvert.HTMLExporter
    exporter = kind(mathjax_url="", require_js_url="")
    page, _ = exporter.from_notebook_node(notebook)
    if not slides:
        dark, *_ = exporter.environment.loader.get_source(exporter.environment, DARK)
        page = page.replace("</head>", f"<style>{PAGE.replace('DARK', dark)}</style></head>", 1)
    target = Path(folder) / f"{Path(path).stem}{'.slides' if slides else ''}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    return target


def draw_formulas(text):
    """Replace the LaTeX formulas of a text by MathML."""

    def draw(found):
        if found["code"]:
            return found["code"]
        display = "block" if found["block"] else "inline"
        formula = (found["block"] or found["inline"]).replace("{aligned}", "{align*}")
        return converter.convert(formula, display=display)  # it knows the second name only

    return FORMULA.sub(draw, text)


def mark_slides(notebook):
    """Mark the cells of a notebook as slides; a long text becomes a slide for each heading."""
    cells = []
    for cell in notebook.cells:
        parts = [cell]
        if cell.cell_type == "markdown":
            texts = re.split(r"\n(?=#{2,3} )", cell.source)
            parts = [nbformat.v4.new_markdown_cell(text.strip()) for text in texts if text.strip()]
        elif len(cell.source.splitlines()) > LONGEST or "load_tensorflow" in cell.source:
            cell.transient = {"remove_source": True}  # as nbconvert's own preprocessors say it
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
    parser.add_argument("--execute", action="store_true", help="run the notebooks first")
    parser.add_argument("--slides", action="store_true", help="write slides")
    options = parser.parse_args()
    for path in options.notebooks:
        print(write_page(path, options.folder, options.execute, options.slides), flush=True)


if __name__ == "__main__":
    sys.exit(main())
