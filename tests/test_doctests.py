"""The examples in the docstrings run, and show what they say."""

import doctest
import importlib
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import sepmodels as sm

ROOT = Path(__file__).parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "sepmodels").rglob("*.py"))
    if path.stem not in ("__init__", "__main__") and ">>> " in path.read_text()
]
NAMES = {"np": np, "keras": keras, "sm": sm}  # what every example may use
BASES = (sm.models.Separator, sm.models.Trainable)  # which nobody makes
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example writes goes away
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs=NAMES, optionflags=FLAGS)
    assert result.attempted and not result.failed


def test_the_readme_fits_a_model_as_keras_does():
    blocks = re.findall("```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (block,) = [block for block in blocks if "model.compile" in block]
    names = {"sm": sm, "tracks": sm.datasets.synthetic.load(2, seconds=2.0)}
    before = sm.load_pretrained().get_weights()
    exec(block, names)
    model = names["model"]
    assert np.isfinite(model.history.history["loss"]).all()
    after = model.get_weights()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("namespace", [sm, sm.layers, sm.models], ids=lambda space: space.__name__)
def test_every_public_class_and_function_has_an_example(namespace):
    public = [getattr(namespace, name) for name in namespace.__all__]
    without = [
        item.__name__
        for item in public
        if callable(item) and item not in BASES and ">>> " not in item.__doc__
    ]
    assert without == []
