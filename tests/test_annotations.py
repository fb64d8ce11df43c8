"""All public names are annotated, and the wheel says so to type checkers."""

import functools
import importlib.resources
import inspect
import re
import subprocess
import sys

import sepmodels

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


def test_public_names_are_annotated():
    functions = {*find_functions(sepmodels)}
    assert len(functions) > 250
    for function in functions:
        signature = inspect.signature(function)
        parameters = [p for name, p in signature.parameters.items() if name not in ("self", "cls")]
        bare = [p.name for p in parameters if p.annotation is p.empty and p.kind not in FORWARDED]
        assert not bare, f"{function.__qualname__} does not annotate {bare}"
        if function.__name__ != "__init__":
            assert signature.return_annotation is not signature.empty, function.__qualname__


CODE = """
import sepmodels as sm
model: sm.models.Separator = sm.load_pretrained("dilated_conv_gru")
reveal_type(sm.metrics.sdr)
reveal_type(sm.datasets.sample.load())
sm.separate(model, 3)
"""


def test_type_checkers_see_the_public_names(tmp_path):
    assert (importlib.resources.files("sepmodels") / "py.typed").is_file()
    (tmp_path / "use.py").write_text(CODE)
    options = ["--ignore-missing-imports", "--follow-imports=silent", "--config-file="]
    command = [sys.executable, "-m", "mypy", *options, "use.py"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1, done.stdout
    assert re.search(r"reference: numpy.ndarray.*-> float", done.stdout)
    assert '"sepmodels.datasets.track.Track"' in done.stdout
    assert 'Argument 2 to "separate" has incompatible type "int"' in done.stdout
