"""The floors of the house: a file imports only from lower floors."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "sepmodels"
FLOORS = (
    {"checks"},
    # What knows nothing of the rest: files and integers.
    {"audio", "files", "geometry", "startup"},
    # Signals, and what songs are made of.
    {
        "features",
        "generation",
        "generation_loop",
        "oracle",
        "streams",
        "wiener",
        "datasets.signals",
        "datasets.splits",
    },
    {
        "datasets.augment",
        "datasets.download",
        "datasets.draw",
        "datasets.folders",
        "datasets.native_wav",
        "datasets.track",
    },
    # Building blocks, corpora, what training minimises, what a person reads.
    {"layers", "datasets", "losses", "metrics", "scores_json", "sisec", "statistics"},
    {"models.trainable", "models.wavenet_weights", "cost"},
    {
        "models.separator",
        "models.translation_decoder",
        "models.translation_encoder",
        "models.translation_training",
    },
    {"models.magnitude_separator"},
    {"models"},
    {"recipes", "checkpoint", "prediction", "streaming"},
    # What is done with a model ...
    {"doctor", "pretrained", "separation", "training"},
    # ... and with what came of it.
    {"evaluation", "evaluation_folders", "evaluation_song"},
    {"ablation", "exercises"},
    {"course", "display", "__init__", "__main__"},
)
# Modules that grew into folders; their files share a floor.
ONE_THING = {"audio", "display", "exercises", "metrics", "recipes"}
# Heavy or licensed packages, and the one file that wraps each, or one for each of its jobs.
EDGES = {
    "IPython": "display/player.py",
    "librosa": "audio/resampling.py audio/stretching.py",
    "matplotlib": "display/theme.py",
    "musdb": "datasets/musdb.py",
    "museval": "metrics/bss_eval_v4.py",
    "numba": "generation.py",
    "tensorflow_io": "datasets/native_wav.py",
}
DRAWERS = {"utils", "util", "common", "misc", "helpers", "helper"}

FILES = sorted(LIBRARY.rglob("*.py"))
each_file = pytest.mark.parametrize(
    "path", FILES, ids=[str(path.relative_to(LIBRARY)) for path in FILES]
)


def name_of(path):
    """The module's name below `sepmodels`; that of a package is the package's."""
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def floor_of(name):
    """The floor in the table of a module, or of the package that it is in."""
    above = name
    while above:
        for floor, names in enumerate(FLOORS):
            if above in names:
                return floor
        above = above.rpartition(".")[0]
    raise AssertionError(f"{name} has no floor in the table")


def family_of(name):
    """Files that together are one thing: `synthetic_voice` is of `synthetic`."""
    package, _, last = name.rpartition(".")
    return package if package in ONE_THING else (package, last.split("_")[0])


def imports(tree):
    """`(node, module)` for every import; `from package import module` gives the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write the whole name, sepmodels..."
            for alias in node.names:
                inner = LIBRARY.parent / node.module.replace(".", "/") / alias.name
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield node, f"{node.module}.{alias.name}" if is_module else node.module


@each_file
def test_imports_go_down(path):
    name = name_of(path)
    floor = floor_of(name)  # fails for a file that the table does not know
    for node, module in imports(ast.parse(path.read_text())):
        package, _, other = module.partition(".")
        if package != "sepmodels" or asks_for_the_version(node):
            continue
        if path.name == "__init__.py" and other.startswith(f"{name}."):
            continue  # a package shows what is in it
        if family_of(other) != family_of(name):
            lower = floor_of(other or "__init__") < floor
            assert lower, f"line {node.lineno}: {name} imports {module}"


def asks_for_the_version(node):
    return ast.unparse(node) == "from sepmodels import __version__"


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
    assert len(path.read_text().splitlines()) <= 250


def test_the_library_is_small():
    assert sum(lines_of_code(path.read_text()) for path in FILES) < 8500


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
