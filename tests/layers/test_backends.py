"""Every layer computes under JAX and PyTorch what it computes under TensorFlow.

Runs where these are installed beside TensorFlow, which the library imports under every backend.
Run as a program it computes under the backend of its environment: `python test_backends.py FILE`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from test_contracts import CASES

import sepmodels as sm

LAYERS = [case for case in CASES if case.cls.__module__.startswith("sepmodels.layers")]


def compute_outputs(case):
    """The outputs of a layer, with weights that do not depend on the backend."""
    layer, inputs = case.make(), case.inputs(case.time)
    layer(inputs)
    generator = np.random.default_rng(0)
    layer.set_weights(
        [
            generator.normal(0, 0.3, weight.shape) if "float" in str(weight.dtype) else weight
            for weight in layer.get_weights()
        ]
    )
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(layer(inputs))]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_every_layer_runs_under_another_backend(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        # The course installs TensorFlow alone; each of the others takes gigabytes.
        pytest.skip(f"{backend} is not installed")
    path = [Path(sm.__file__).parents[1], Path(__file__).parents[1]]
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
    command = [sys.executable, __file__, tmp_path / "outputs.npz"]
    subprocess.run(command, env=environment, check=True)
    theirs = np.load(tmp_path / "outputs.npz")
    assert str(theirs["backend"]) == backend
    for case in LAYERS:
        for number, ours in enumerate(compute_outputs(case)):
            output = theirs[f"{case.cls.__name__} {number}"]
            np.testing.assert_allclose(output, ours, atol=1e-5, err_msg=case.cls.__name__)


if __name__ == "__main__":
    outputs = {
        f"{case.cls.__name__} {number}": output
        for case in LAYERS
        for number, output in enumerate(compute_outputs(case))
    }
    np.savez(sys.argv[1], backend=keras.backend.backend(), **outputs)
