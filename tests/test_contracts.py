"""Every public layer and model keeps the contract, and none is forgotten."""

import inspect
import subprocess
import sys
from pathlib import Path

import keras
import layer_contract
import numpy as np
import pytest
from layer_contract import Case

import sepmodels as sm


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def spectrum_and_wave(time):
    frames = -(-time // 4) + 1
    return noise(2, frames, 9, 1), noise(2, frames, 9, 1), noise(2, time, 1)


TRANSFORM = {"n_fft": 16, "hop_length": 4, "window": "hamming"}
CASES = [
    Case(
        sm.layers.DilatedGRUCell,
        {"units": 4, "dilation": 3},
        lambda time: noise(2, time, 3),
        wrap=lambda cell: keras.layers.RNN(cell, return_sequences=True),
    ),
    Case(
        sm.layers.DilatedGRU,
        {"units": 4, "dilation": 3, "return_sequences": True, "go_backwards": True},
        lambda time: noise(2, time, 3),
    ),
    Case(
        sm.layers.WeightNormalization,
        {"layer": keras.layers.Conv1D(4, 3, padding="same", activation="tanh")},
        lambda time: noise(2, time, 3),
    ),
    Case(sm.layers.STFT, TRANSFORM, lambda time: noise(2, time, 2)),
    Case(sm.layers.InverseSTFT, TRANSFORM, spectrum_and_wave),
    Case(
        sm.models.DilatedConvGRU,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "n_fft": 32,
            "hop_length": 8,
            "filters": 6,
            "kernel_size": 5,
            "dilations": (1, 3),
            "gru_dilation": (2, None),
            "groups": 3,
            "bidirectional": False,
            "order": "gru_conv",
            "weight_norm": False,
            "leaky_slope": 0.2,
            "head": "softmax",
        },
        lambda time: noise(2, time, 2),
        time=100,
    ),
]
NO_CASE = {sm.models.Separator}  # a base class, which cannot be made


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A folder per case with what a fresh process got from its saved model, all in one go."""
    folders = [tmp_path_factory.mktemp(case.cls.__name__) for case in CASES]
    for case, folder in zip(CASES, folders, strict=True):
        layer_contract.save(case, folder)
    command = [sys.executable, "-m", "tests.layer_contract", *folders]
    subprocess.run(command, cwd=Path(__file__).parents[1], check=True)
    return dict(zip([case.cls for case in CASES], folders, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.cls.__name__)
def test_contract(case, folders):
    layer_contract.assert_layer_contract(case, folders[case.cls])


def test_no_public_class_is_forgotten():
    public = {
        getattr(namespace, name)
        for namespace in (sm.layers, sm.models)
        for name in namespace.__all__
    }
    assert {case.cls for case in CASES} | NO_CASE == {x for x in public if inspect.isclass(x)}
