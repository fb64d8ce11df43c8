"""Whatever Keras saves of a public class comes back, or is refused in clear words."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from layer_contract import apply, build
from test_contracts import CASES

import sepmodels as sm

MODELS = [case for case in CASES if issubclass(case.cls, keras.Model)]
TRAINABLE = [case for case in MODELS if issubclass(case.cls, sm.models.Trainable)]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.cls.__name__)
each_model = pytest.mark.parametrize("case", MODELS, ids=lambda case: case.cls.__name__)


def assert_same(ours, theirs, tolerance=1e-5):
    pairs = zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True)
    for our, their in pairs:
        np.testing.assert_allclose(our, their, rtol=tolerance, atol=tolerance)


def reload(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


@each_case
def test_part_of_a_model(case, tmp_path):
    """A functional model of one's own that holds a public class, or part of a system."""
    layer = case.make()
    x = case.inputs(case.time)
    part = build(case, layer)
    if isinstance(layer, keras.Model):
        part = keras.Model(layer.input, keras.tree.flatten(layer.outputs)[0])
    assert_same(apply(reload(part, tmp_path), x), apply(part, x))


@each_model
def test_clone(case):
    model, x = case.make(), case.inputs(case.time)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert_same(clone(x), model(x))


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method:UserWarning")
@each_model
def test_int8(case, tmp_path):
    """Keras quantizes the dense layers, at any depth of a model, and leaves the others."""
    model, x = case.make(), case.inputs(case.time)
    model.quantize("int8")
    again = reload(model, tmp_path)
    assert_same(apply(again, x), apply(model, x))
    types = [[weight.dtype for weight in each.weights] for each in (model, again)]
    assert types[0] == types[1]
    dense = any(isinstance(layer, keras.layers.Dense) for layer in model._flatten_layers())
    assert ("int8" in types[0]) == dense


@each_model
def test_mixed_policy_comes_back(case, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = case.make()
    finally:
        keras.config.set_dtype_policy(before)
    again = reload(model, tmp_path)
    policies = [[layer.dtype_policy.name for layer in each.layers] for each in (model, again)]
    assert policies[0] == policies[1] and "mixed_bfloat16" in policies[0]


@each_model
def test_hdf5_is_refused(case, tmp_path):
    with pytest.raises(ValueError, match=r"\.keras.*model\.h5"):
        case.make().save(tmp_path / "model.h5")


@pytest.mark.parametrize("name", sorted(sm.losses.LOSSES))
def test_compiled_with_our_losses(name, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("adam", sm.losses.get(name))
    model.optimizer.build(model.trainable_variables)
    again = reload(model, tmp_path)
    assert again.loss is sm.losses.get(name)


@pytest.mark.parametrize("case", TRAINABLE, ids=lambda case: case.cls.__name__)
def test_training_models_compiled_by_a_recipe(case, tmp_path):
    model = case.make()
    recipe = sm.recipes.Recipe(case.cls.__name__, loss="l1")
    for loss_on in model.representations:
        training_model = model.training_model(loss_on)
        recipe.compile(training_model)
        again = reload(training_model, tmp_path)
        weights = zip(again.get_weights(), training_model.get_weights(), strict=True)
        assert all(np.array_equal(ours, theirs) for ours, theirs in weights)
        assert again.loss is sm.losses.l1 and again.optimizer.clipnorm is None
        assert again.optimizer.global_clipnorm == 5.0


@pytest.mark.parametrize(
    "imports", ["keras, sepmodels", "sepmodels, keras", "sepmodels.layers, keras"]
)
def test_order_of_imports(imports, tmp_path):
    """Loading with Keras itself needs the classes registered, whichever was imported first."""
    model = sm.models.DilatedConvGRU(n_fft=32, hop_length=16, filters=2, groups=1, dilations=(1,))
    model.compile("adam", sm.losses.l1)
    model.save(tmp_path / "model.keras")
    path = str(tmp_path / "model.keras")
    code = f"import {imports}; print(keras.models.load_model({path!r}).name)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == model.name
