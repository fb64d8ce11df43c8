"""The rooms that mypy checks annotate the arguments and results of all their public names."""

import importlib
import inspect
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
ROOMS = [path.replace("/", ".") for path in SETTINGS["mypy"]["files"]]


def find_functions(item):
    """The function itself, or the constructor and the public methods of a class."""
    if inspect.isfunction(item):
        yield item
    elif inspect.isclass(item):
        for name, member in vars(item).items():
            if inspect.isfunction(member) and (name == "__init__" or name[0] != "_"):
                yield member


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_annotated(room):
    module = importlib.import_module(room)
    functions = [f for name in module.__all__ for f in find_functions(getattr(module, name))]
    assert functions
    for function in functions:
        signature = inspect.signature(function)
        kinds = [p.annotation for name, p in signature.parameters.items() if name != "self"]
        assert inspect.Parameter.empty not in kinds, function.__qualname__
        assert signature.return_annotation is not inspect.Signature.empty, function.__qualname__
