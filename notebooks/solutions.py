"""Write the book of solutions for lecturers, from the answer keys of the exercises.

    make solutions        or: python notebooks/solutions.py runs/solutions

For every exercise it has the question as the notebook asks it, a key that runs, and the hints that
`check` gives for common mistakes. The book is not committed, so that students do not find it first.
"""

import argparse
import ast
import inspect
import re
import sys
from pathlib import Path

import nbformat

import sepmodels.course.exercises
from sepmodels.course.exercises import EXERCISES

NOTEBOOKS = Path(__file__).parent
FILES = Path(inspect.getfile(sepmodels.course.exercises)).parent


def write_book(folder):
    """Write `solutions.ipynb` into a folder, and return its path."""
    cells = [nbformat.v4.new_markdown_cell("# Solutions")]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        questions = find_questions(path)
        if questions:
            (title,) = re.findall(r"\A# (.*)", nbformat.read(path, as_version=4).cells[0].source)
            cells.append(nbformat.v4.new_markdown_cell(f"## {title}"))
        for number, question in questions.items():
            cells.append(nbformat.v4.new_markdown_cell(question))
            cells.append(nbformat.v4.new_code_cell(find_key(number)))
            hints = "\n".join(f"* {text}" for text in EXERCISES[number].traps)
            notes = find_library_code(number) + (hints and f"Hints of `check`:\n\n{hints}")
            if notes:
                cells.append(nbformat.v4.new_markdown_cell(notes))
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path = Path(folder) / "solutions.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)
    return path


def find_questions(path):
    """Number of each exercise of a notebook to its text, from the heading on."""
    questions = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for text in re.findall(r"^### Exercise (?s:.*)\Z", cell.source, re.M):
            questions[re.match(r"### Exercise (\d\d\.\d+)", text)[1]] = text
    return questions


def find_key(number):
    """The source of a key as a cell of its own: imports, the functions that it calls, `answer`."""
    (file,) = [path for path in FILES.glob("*.py") if f'"{number}": Exercise(' in path.read_text()]
    source = file.read_text()
    tree = ast.parse(source)
    tables = [node for node in tree.body if isinstance(node, ast.Assign)]
    (table,) = [node for node in tables if node.targets[0].id == "EXERCISES"]
    entries = zip(table.value.keys, table.value.values, strict=True)
    key = next(entry.args[0] for name, entry in entries if name.value == number)
    needed = _collect_names(key)
    while True:  # until no function that is needed calls another one
        parts = [node for node in tree.body if _defined(node) & needed]
        more = needed.union(*(_collect_names(node) for node in parts))
        if more == needed:
            break
        needed = more
    text = "\n".join(_write_part(node, needed, source) for node in parts).strip()
    return f"{text}\n\n\nanswer = {ast.get_source_segment(source, key)}"


def find_library_code(number):
    """What the library does, without docstring and comments, if its own function is the key."""
    function = inspect.unwrap(EXERCISES[number].key)
    if inspect.getfile(function).startswith(str(FILES)):
        return ""
    (definition,) = ast.parse(inspect.getsource(function)).body
    definition.body = definition.body[1:]
    return f"In the library:\n\n```python\n{ast.unparse(definition)}\n```\n\n"


def _collect_names(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _defined(node):
    """What a statement of a module defines; the table of the exercises itself is left out."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    names = {name.id for name in getattr(node, "targets", ()) if isinstance(name, ast.Name)}
    return names - {"EXERCISES"}


def _write_part(node, needed, source):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        used = [a for a in node.names if (a.asname or a.name.split(".")[0]) in needed]
        return ast.unparse(type(node)(**{**vars(node), "names": used}))
    return f"\n\n{ast.get_source_segment(source, node)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    print(write_book(parser.parse_args().folder))


if __name__ == "__main__":
    sys.exit(main())
