"""The promises that every public layer and model keeps, in one function for all of them.

Run as a program it is the fresh process of the contract: `python -m tests.layer_contract FOLDER...`
loads the model that `save` left in each folder and writes its outputs beside it.
"""

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

import sepmodels  # noqa: F401  the classes must be known to Keras before a model is loaded


@dataclasses.dataclass(frozen=True)
class Case:
    """One public class, how to make it, and what to feed it.

    Args:
        cls: type. The class.
        arguments: dict. A value other than the default for each argument of its constructor:
            otherwise the contract could not detect one that is missing from the config.
        inputs: callable. From a length in steps to an array, or a tuple of arrays.
        time: int. The length to test at, in steps.
        wrap: callable. Makes a layer of an object that is none, such as a cell.
        sequence: bool. Whether an output has a time axis.
    """

    cls: type
    arguments: dict
    inputs: Callable
    time: int = 12
    wrap: Callable = lambda layer: layer
    sequence: bool = True

    def make(self):
        return self.wrap(self.cls(**self.arguments))


def assert_layer_contract(case, folder):
    """Check every promise; another process has loaded the model that `save` wrote to `folder`."""
    assert_every_argument_is_tested(case)
    assert_config_is_the_arguments(case)
    assert_shapes(case)
    assert_mixed_precision(case)
    assert_learns(case)
    elsewhere = read(folder / "outputs_elsewhere.npz")
    for ours, theirs in zip(read(folder / "outputs.npz"), elsewhere, strict=True):
        assert_close(theirs, ours, 1e-6)


def assert_every_argument_is_tested(case):
    parameters = dict(inspect.signature(case.cls).parameters)
    parameters.pop("kwargs", None)
    missing = parameters.keys() - case.arguments.keys()
    assert not missing, f"no value for the arguments {sorted(missing)}"
    default = [name for name, p in parameters.items() if case.arguments[name] == p.default]
    assert not default, f"the value of {default} is the default one"


def assert_config_is_the_arguments(case):
    config = case.cls(**case.arguments).get_config()
    expected = {name: plain(value) for name, value in case.arguments.items()}
    assert {name: plain(config.get(name, "forgotten")) for name in expected} == expected
    assert plain(case.cls.from_config(config).get_config()) == plain(config)


def assert_shapes(case):
    """A symbolic shape with unknown time is right at every length, and so is the computed one."""
    model, layer = build(case), case.make()
    assert any(None in output.shape[1:] for output in model.outputs) or not_a_sequence(case)
    for time in (case.time, case.time - 5, 1):
        x = case.inputs(time)
        outputs = [np.array(output) for output in apply(model, x)]
        assert all(np.isfinite(output).all() for output in outputs)
        for symbolic, output in zip(model.outputs, outputs, strict=True):
            pairs = zip(symbolic.shape, output.shape, strict=True)
            assert all(axis in (None, length) for axis, length in pairs), (symbolic, output.shape)
        computed = layer.compute_output_shape(keras.tree.map_structure(np.shape, x))
        assert shapes(computed) == [output.shape for output in outputs]


def assert_mixed_precision(case):
    """Half precision gives the same less exactly; weights and the stems of a model stay float32."""
    full = build(case)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = case.make()
        half = build(case, layer)
    finally:
        keras.config.set_dtype_policy(before)
    assert {weight.dtype for weight in half.weights} <= {"float32"}
    half.set_weights(full.get_weights())
    x = case.inputs(case.time)
    for ours, theirs in zip(apply(half, x), apply(full, x), strict=True):
        expected = "float32" if isinstance(layer, keras.Model) else "float16"
        assert keras.backend.standardize_dtype(ours.dtype) == expected
        assert_close(ours, theirs, 0.02)


def assert_learns(case):
    """One step of training changes every weight, equally with and without `jit_compile`."""
    x, start = case.inputs(case.time), build(case)
    targets = [output + keras.random.normal(output.shape) for output in apply(start, x)]
    ends = []
    for jit_compile in (False, True):
        model = build(case)
        model.set_weights(start.get_weights())
        model.compile(keras.optimizers.SGD(0.1), ["mse"] * len(targets), jit_compile=jit_compile)
        if model.trainable_weights:
            model.train_on_batch(x, targets)
        ends.append((model.get_weights(), model.predict_on_batch(x)))
        pairs = zip(start.trainable_weights, model.trainable_weights, strict=True)
        still = [old.path for old, new in pairs if np.array_equal(old, new)]
        assert not still, f"one step of training did not move {still}"
    for plainly, compiled in zip(*map(keras.tree.flatten, ends), strict=True):
        assert_close(compiled, plainly, 1e-3)


# === Across processes ===


def save(case, folder):
    """Write a model, its inputs and its outputs, to be compared with those of another process."""
    layer = case.make()
    model = build(case, layer)
    for weight in model.weights:  # nothing is left at its initial value
        weight.assign(weight + keras.random.uniform(weight.shape, 0.0, 0.1))
    x = case.inputs(case.time)
    (layer if isinstance(layer, keras.Model) else model).save(folder / "model.keras")
    np.savez(folder / "inputs.npz", *keras.tree.flatten(x))
    np.savez(folder / "outputs.npz", *apply(model, x))


def load_and_apply(folder):
    x = read(folder / "inputs.npz")
    model = keras.saving.load_model(folder / "model.keras")
    np.savez(folder / "outputs_elsewhere.npz", *apply(model, x if len(x) > 1 else x[0]))


def read(path):
    with np.load(path) as arrays:
        return [arrays[name] for name in arrays.files]


# === Shared by the promises ===


def build(case, layer=None):
    """A model of the layer with unknown time and a list of outputs."""
    x = case.inputs(case.time)
    inputs = keras.tree.map_structure(lambda array: keras.Input((None, *array.shape[2:])), x)
    return keras.Model(inputs, keras.tree.flatten((layer or case.make())(inputs)))


def apply(model, x):
    return keras.tree.flatten(model(x))


def not_a_sequence(case):
    return case.arguments.get("return_sequences") is False or not case.sequence


def shapes(nested):
    """The shapes in a dict, list or tuple of them, in the order of `keras.tree.flatten`."""
    if isinstance(nested, dict):
        nested = [nested[key] for key in sorted(nested)]
    elif all(length is None or isinstance(length, int) for length in nested):
        return [tuple(nested)]
    return [shape for part in nested for shape in shapes(part)]


def plain(value):
    """The value as a file would return it, for comparing."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(value)))


def assert_close(ours, theirs, tolerance):
    ours, theirs = np.asarray(ours, "float32"), np.asarray(theirs, "float32")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1e-3, abs(theirs).max()))


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        load_and_apply(Path(folder))
