"""The layout of the library: a folder imports only from the folders before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "sepmodels"
# The rooms in the order in which a song walks through them: each imports only from those above it.
FLOORS = (
    "_checks",
    "_files",
    "_startup",
    "audio",
    "signal",
    "datasets",
    "layers",
    "models",
    "training",
    "separation",
    "evaluation",
    "ablation",
    "display",
    "course",
    "cli",
    "__main__",
)
# Heavy or licensed packages, and the one file that wraps each, or one for each of its jobs.
EDGES = {
    "IPython": "display/players.py",
    "librosa": "audio/resampling.py audio/stretching.py display/mel_spectrogram.py "
    "evaluation/metrics/signals.py",
    "matplotlib": "display/theme.py",
    "musdb": "datasets/corpora/musdb.py",
    "museval": "evaluation/metrics/bss_eval_v4.py",
    "numba": "models/wavenet/generation.py",
    "tensorflow_io": "datasets/segments/tfio_reader.py",
}
DRAWERS = {"utils", "util", "common", "misc", "helpers", "helper", "parts"}
# Imports of the package itself: its version, and its public face for the command line.
OF_THE_WHOLE = ("from sepmodels import __version__", "import sepmodels as sm")

FILES = sorted(LIBRARY.rglob("*.py"))
each_file = pytest.mark.parametrize(
    "path", FILES, ids=[str(path.relative_to(LIBRARY)) for path in FILES]
)


def name_of(path):
    """The module's name below `sepmodels`; that of a package is the package's."""
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imports(tree):
    """`(node, module)` for every import; `from package import module` gives the module.

    What only a type checker imports is left out.
    """
    checked = [node for node in ast.walk(tree) if ast.unparse(node).startswith("if TYPE_CHECKING:")]
    unseen = {inner for node in checked for inner in ast.walk(node)}
    for node in set(ast.walk(tree)) - unseen:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write the whole name, sepmodels..."
            for alias in node.names:
                inner = LIBRARY.parent / node.module.replace(".", "/") / alias.name
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield node, f"{node.module}.{alias.name}" if is_module else node.module


@each_file
def test_imports_go_to_rooms_above(path):
    room = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    if room == "__init__":
        return  # shows what is in every room
    for node, module in imports(ast.parse(path.read_text())):
        package, _, other = module.partition(".")
        if package == "sepmodels" and ast.unparse(node) not in OF_THE_WHOLE:
            above = other.split(".")[0]
            allowed = above == room or FLOORS.index(above) < FLOORS.index(room)
            assert allowed, f"line {node.lineno}: {room} imports {module}"


def test_every_room_has_its_place():
    rooms = {path.relative_to(LIBRARY).parts[0].removesuffix(".py") for path in FILES}
    assert rooms - {"__init__"} == set(FLOORS)


def test_no_file_continues_the_name_of_another():
    """Where `x_y.py` would stand beside `x.py`, there is a folder `x`."""
    for path in FILES:
        longer = path.parent.glob(f"{path.stem}_*.py")
        assert path.stem.startswith("__") or not list(longer), f"make a folder of {path.stem}"


def test_no_cycles():
    graph = {}
    for path in FILES:
        modules = {module for _, module in imports(ast.parse(path.read_text()))}
        graph[f"sepmodels.{name_of(path)}"] = modules
    while graph:  # take away what imports nothing that is left
        free = {name for name, modules in graph.items() if not (modules - {name}) & graph.keys()}
        assert free, f"these import one another: {sorted(graph)}"
        graph = {name: modules for name, modules in graph.items() if name not in free}


@each_file
def test_imports_stand_at_the_top_but_for_the_edges(path):
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {node for function in functions for node in ast.walk(function)}
    for node, module in imports(tree):
        package = module.split(".")[0]
        assert (package in EDGES) == (node in inside), f"line {node.lineno}: import of {module}"
        if package in EDGES:
            homes = {LIBRARY / home for home in EDGES[package].split()}
            assert path in homes, f"{package} belongs into {EDGES[package]}"


@each_file
def test_a_file_has_a_name_and_a_size(path):
    assert path.stem not in DRAWERS, "a file is named after what is in it"
    assert len(path.read_text().splitlines()) <= 400


def test_the_library_is_small():
    """Each limit may only be lowered: what a feature adds has to be deleted elsewhere."""
    lines = {path: lines_of_code(path.read_text()) for path in FILES}
    course = sum(lines[path] for path in FILES if "course" in path.relative_to(LIBRARY).parts)
    assert sum(lines.values()) - course < 8500
    assert course < 1100
    web = (LIBRARY / "display" / "web").iterdir()
    assert sum(len(path.read_text().splitlines()) for path in web) < 700


def lines_of_code(text):
    """Lines that are not docstring, comment or empty."""
    words = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            words.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    code = (line.strip() for number, line in lines if number not in words)
    return sum(line != "" and not line.startswith("#") for line in code)


def test_import_leaves_the_edges_alone():
    code = (
        "import sys, keras; before = set(sys.modules); import sepmodels as sm; "
        "[getattr(sm, name) for name in sm.__all__]; "
        f"print(*(sys.modules.keys() - before) & {set(EDGES)})"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=LIBRARY.parent, check=True, stdout=subprocess.PIPE)
    assert done.stdout.split() == []
