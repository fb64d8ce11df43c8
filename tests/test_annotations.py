"""The rooms that mypy checks annotate the arguments and results of all their public names."""

import functools
import importlib
import inspect
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
ROOMS = [path.replace("/", ".") for path in SETTINGS["mypy"]["files"]]
FORWARDED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def find_functions(item):
    """The functions of a namespace, the constructors and public methods of a class, or itself."""
    if inspect.ismodule(item):
        for name in getattr(item, "__all__", vars(item)):
            member = getattr(item, name)
            if hasattr(item, "__all__") or (name[0] != "_" and inspect.getmodule(member) is item):
                yield from find_functions(member)
    elif inspect.isclass(item):
        for owner in item.__mro__:
            for name, member in vars(owner).items():
                if name == "__init__" or name[0] != "_":
                    yield from find_functions(inspect.unwrap(unbind(member)))
    elif inspect.isfunction(item) and item.__module__.startswith("sepmodels"):
        yield item


def unbind(member):
    """The function of a method, a class method or a property."""
    member = member.fget if isinstance(member, property) else member
    member = member.func if isinstance(member, functools.cached_property) else member
    return getattr(member, "__func__", member)


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_annotated(room):
    functions = {*find_functions(importlib.import_module(room))}
    assert functions
    for function in functions:
        signature = inspect.signature(function)
        parameters = [p for name, p in signature.parameters.items() if name not in ("self", "cls")]
        bare = [p.name for p in parameters if p.annotation is p.empty and p.kind not in FORWARDED]
        assert not bare, f"{function.__qualname__} does not annotate {bare}"
        if function.__name__ != "__init__":
            assert signature.return_annotation is not signature.empty, function.__qualname__
