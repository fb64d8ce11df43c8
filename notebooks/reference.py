"""The API reference of the book: a page for every public name, written before Sphinx reads.

The names are those of `sepmodels.__all__` and of the namespaces below it; a module without
`__all__`, such as one corpus, shows the functions that it defines. Each page takes its text and its
example from the docstring and links to the source and to the notebooks that mention the name most.
"""

import ast
import importlib.util
import inspect
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

import sepmodels

HERE = Path(__file__).parent
PAGES = HERE / "api"
NOTEBOOKS_SHOWN = 4


class Entry(NamedTuple):
    """A public object: its full name, itself, and the names of the entries below a namespace."""

    name: str
    item: object
    below: tuple = ()

    @property
    def page(self):
        # macOS and Windows do not tell `audio.Info` from `audio.info`.
        kind = "-class" if inspect.isclass(self.item) else ""
        return self.name.removeprefix("sepmodels.") + kind

    @property
    def is_shared(self):
        """Whether it is one object wherever it is shown; equal constants are not."""
        return inspect.ismodule(self.item) or callable(self.item)

    @property
    def words(self):
        """The docstring in reStructuredText, without its sections, and empty for a constant."""
        if not self.is_shared:
            return ""
        return "\n".join(to_rst((inspect.getdoc(self.item) or "").splitlines()))


ENTRIES = {}


def find_entries(module, name="sepmodels"):
    """Find the entries of a module and those below it; each object has one page, the first found.

    What the top level shows is listed there and not again in its room.
    """
    public = getattr(module, "__all__", None) or [
        key
        for key, value in vars(module).items()
        if key[0] != "_" and getattr(value, "__module__", None) == module.__name__
    ]
    sys.modules.setdefault(name, module)  # such as `sepmodels.losses`, which is no file
    known = {id(entry.item): entry.name for entry in ENTRIES.values() if entry.is_shared}
    new = {}
    for key in public:
        entry = Entry(f"{name}.{key}", getattr(module, key))
        if id(entry.item) not in known:
            new[entry.name] = entry
    below = [known.get(id(getattr(module, key)), f"{name}.{key}") for key in public]
    ENTRIES.update(new)
    ENTRIES[name] = Entry(name, module, tuple(sorted(below, key=str.casefold)))
    for entry in new.values():
        if inspect.ismodule(entry.item):
            find_entries(entry.item, entry.name)


def count_mentions():
    """Count how often each notebook mentions each entry, in its text and in its code."""
    texts = {}
    for path in sorted(HERE.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts[path.stem] = "\n".join("".join(cell["source"]) for cell in cells)
    counts = {}
    for name in ENTRIES:
        room, _, last = name.rpartition(".")
        room = "sm" if room in ("sepmodels", "") else room.rpartition(".")[2]
        # `DilatedGRU` and `mu_law_encode` are unmistakable; `load` needs the module before it.
        plain = re.search(r"[A-Z].*[a-z]|_", last.strip("_"))
        pattern = re.compile(rf"\b{last}\b" if plain else rf"\b{room}\.{last}\b")
        found = {stem: len(pattern.findall(text)) for stem, text in texts.items()}
        counts[name] = sorted((stem for stem in found if found[stem]), key=lambda s: -found[s])
    return counts


def to_rst(lines):
    """Convert the Markdown of the docstrings to reStructuredText; doctests stay as they are."""
    result, example, fenced, table = [], False, False, []
    lines, literal = [*_join_code(lines), "", ""], None
    for number, line in enumerate(lines[:-1]):
        indent = line[: len(line) - len(line.lstrip())]
        if literal is not None and (not line.strip() or indent > literal):
            result.append(line)  # such as the files of a corpus
            continue
        literal = None
        if table and not line.lstrip().startswith("|"):
            result += [*_list_table(table), ""]
            table = []
        example = line.lstrip().startswith(">>> ") or (example and line.strip() != "")
        if line.lstrip().startswith("```"):
            fenced = not fenced
            result += [f"{indent}.. code-block:: python", ""] if fenced else [""]
        elif fenced:
            result.append(f"    {line}")
        elif example:
            result.append(line)
        elif line.lstrip().startswith("|"):
            table.append(line)
        else:
            result.append(_inline(line))
            deeper = "".join(lines[number + 1 : number + 3]).startswith(f"{indent}    ")
            if line.endswith(":") and not lines[number + 1].strip() and deeper:
                result[-1], literal = f"{result[-1]}:", indent
    return _join_links(result)[:-1]


def _join_code(lines):
    """Join the lines between which `code` was broken."""
    open_line = ""
    for line in lines:
        line = f"{open_line} {line.lstrip()}" if open_line else line
        open_line = line if line.count("`") % 2 and "```" not in line else ""
        if not open_line:
            yield line
    assert not open_line, f"a backtick is missing: {open_line}"


def _inline(line):
    def mark(match):
        code = match[1]
        name = re.sub(r"^(sm|sepmodels)\.|\(.*\)$", "", code)
        near = [full for full in ENTRIES if full.endswith(f".{name}") and len(name) > 3]
        if len(near) == 1 or f"sepmodels.{name}" in near:
            full = near[0] if len(near) == 1 else f"sepmodels.{name}"
            return f":py:obj:`{code} <{full}>`"
        return f"``{code}``"

    # A word that ends in an underscore, such as that of a file name, would be a reference.
    parts = re.split(r"(`[^`]+`)", line)
    parts[::2] = [re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", part) for part in parts[::2]]
    return re.sub(r"`([^`]+)`", mark, "".join(parts))


def _join_links(lines):
    """Convert `[text](address)`, which may begin on the line before."""
    text = "\n".join(lines)
    return re.sub(r"\[([^\][]+)\]\((https?[^)]+)\)", r"`\1 <\2>`__", text).split("\n")


def _list_table(rows):
    indent = rows[0][: len(rows[0]) - len(rows[0].lstrip())]
    yield from ("", f"{indent}.. list-table::", f"{indent}   :header-rows: 1", "")
    for row in (row for row in rows if not set(row.strip()) <= set("|-: ")):
        cells = [_inline(cell.strip()) for cell in row.strip().strip("|").split("|")]
        for number, cell in enumerate(cells):
            yield f"{indent}   {'-' if number else '* -'} {cell}".replace("   - ", "     - ", 1)


def find_source(name, item):
    """Find the assignment of a constant, as `(path, text)`."""
    last = name.rpartition(".")[2]
    for module in [module for key, module in sys.modules.items() if key.startswith("sepmodels")]:
        if vars(module).get(last) is item:
            text = inspect.getsource(module)
            for node in ast.parse(text).body:
                targets = ast.walk(ast.Tuple(getattr(node, "targets", [])))
                if last in [target.id for target in targets if isinstance(target, ast.Name)]:
                    origin = Path(importlib.util.find_spec(module.__name__).origin)
                    return origin.relative_to(HERE.parent), ast.get_source_segment(text, node)
    raise LookupError(f"{name} is assigned in no module")


def write_page(entry, mentions):
    """Write the page of one name."""
    title = entry.name.removeprefix("sepmodels.")
    lines = [title, "=" * len(title), ""]
    if inspect.ismodule(entry.item):
        lines += [f".. py:module:: {entry.name}", "", entry.words, ""]
        lines += [".. list-table::", ""] if entry.below else []
        for name in entry.below:
            first = ENTRIES[name].words.split("\n\n")[0].replace("\n", " ")
            lines += [f"   * - :doc:`{name.split('.')[-1]} <{ENTRIES[name].page}>`"]
            lines += [f"     - {first}"]
        lines += ["", ".. toctree::", "   :hidden:", ""] if entry.below else []
        own = [name for name in entry.below if name.rpartition(".")[0] == entry.name]
        lines += [f"   {name.split('.')[-1]} <{ENTRIES[name].page}>" for name in own]
    elif callable(entry.item):
        kind = "class" if inspect.isclass(entry.item) else "function"
        lines += [f".. auto{kind}:: {entry.name}"]
        lines += ["   :members:", "   :show-inheritance:"] if kind == "class" else []
    else:
        path, source = find_source(entry.name, entry.item)
        lines += [f".. py:data:: {entry.name}", "", f"   Defined in ``{path.as_posix()}``:", ""]
        lines += ["   .. code-block:: python", "", *(f"      {x}" for x in source.splitlines())]
    if mentions and not inspect.ismodule(entry.item):
        first, *others = [f":doc:`/{stem}`" for stem in mentions[:NOTEBOOKS_SHOWN]]
        lines += ["", ".. rubric:: Notebooks", "", f"Explained in {first}."]
        lines += [f"Used in {', '.join(others)} as well."] if others else []
    (PAGES / f"{entry.page}.rst").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pages(app):
    """Write all pages; those of names that are gone go too."""
    find_entries(sepmodels)
    PAGES.mkdir(exist_ok=True)
    for path in PAGES.glob("*.rst"):
        path.unlink()
    mentions = count_mentions()
    for entry in ENTRIES.values():
        write_page(entry, mentions[entry.name])


def convert_docstring(app, what, name, item, options, lines):
    lines[:] = to_rst(lines)


def show_arguments(app, what, name, item, options, signature, returns):
    """Show the arguments of the constructor, which Keras hides behind its `__new__`."""
    if what == "class" and "__init__" in vars(item):
        parameters = [*inspect.signature(item.__init__).parameters.values()][1:]
        return str(inspect.Signature(parameters)), None
    return None


def name_bases(app, name, item, options, bases):
    """Name the public classes among the bases as their pages do."""
    names = {id(entry.item): entry.name for entry in ENTRIES.values()}
    bases[:] = [f":py:class:`{names[id(base)]}`" if id(base) in names else base for base in bases]


def mend_back_links(app, error):
    """Link the source of each name to its page.

    Sphinx knows one namespace for each module, so what the top level shows beside others of its
    module, as `sepmodels.evaluate` beside `evaluation.summarize`, sends these to wrong anchors.
    """
    names = {entry.page: entry.name for entry in ENTRIES.values()}

    def mend(match):
        page, anchor = match[1], match[2]
        known = f'id="{anchor}"' in Path(app.outdir, f"api/{page}.html").read_text("utf-8")
        return match[0] if known else match[0].replace(f"#{anchor}", f"#{names[page]}")

    for path in Path(app.outdir, "_modules").rglob("*.html"):
        text = path.read_text()
        mended = re.sub(
            r'class="viewcode-back" href="[./]*/api/([^"#]+)\.html#([^"]+)"', mend, text
        )
        if mended != text:
            path.write_text(mended)


def setup(app):
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("autodoc-process-docstring", convert_docstring, priority=100)  # before napoleon
    app.connect("autodoc-process-signature", show_arguments)
    app.connect("autodoc-process-bases", name_bases)
    app.connect("build-finished", mend_back_links)
    return {"parallel_read_safe": True}
