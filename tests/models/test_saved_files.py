"""Files that earlier versions saved still load, and their models still give the same numbers."""

from pathlib import Path

import keras
import numpy as np
import pytest

import sepmodels as sm

SAVED = Path(__file__).parent / "saved"  # small networks with the arguments of every laptop recipe


def assert_outputs(model, name, length):
    rng = np.random.default_rng(0)
    inputs = [
        rng.uniform(-0.5, 0.5, (1, length, wave.shape[-1])).astype("float32")
        for wave in model.inputs
    ]
    outputs = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))
    with np.load(SAVED / "outputs.npz") as expected:
        for index, output in enumerate(outputs):
            output = np.asarray(output)[:, :: 40 if output.shape[1] > 40 else 1]
            np.testing.assert_allclose(output, expected[f"{name}/{index}"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("path", sorted(SAVED.glob("*.keras")), ids=lambda path: path.stem)
def test_files_of_all_recipes(path):
    model = keras.saving.load_model(path)
    assert_outputs(model, path.stem, model.valid_length(400)[0])
    recipe = getattr(sm.recipes, path.stem.upper())
    assert type(model).__name__ == recipe.model  # also where its class has been divided since


def test_the_weights_that_ship():
    model = sm.load_pretrained()
    rng = np.random.default_rng(0)
    stems = model(rng.uniform(-0.5, 0.5, (1, 8000, model.channels)).astype("float32"))
    with np.load(SAVED / "outputs.npz") as expected:
        for index, source in enumerate(model.sources):
            ours, theirs = np.asarray(stems[source])[:, ::40], expected[f"shipped/{index}"]
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_an_argument_that_is_gone_is_named():
    config = sm.models.NCWaveNet(filters=4, dilations=(1,), stacks=(0, 1)).get_config()
    assert sm.models.NCWaveNet.from_config(config | {"kernel_size": 3}).filters == 4
    with pytest.raises(ValueError, match="kernel_size=3"):
        sm.models.NCWaveNet.from_config(config | {"kernel_size": 5})
