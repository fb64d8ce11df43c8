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


def revived(layer):
    """A layer anew: those that wrap a layer share the one they are given."""
    return type(layer).from_config(layer.get_config())


MU_LAW = {"classes": 16, "quantize": False, "convention": "truncate"}
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
        sm.layers.MinGRUCell,
        {"units": 4, "dilation": 3, "activation": "tanh"},
        lambda time: noise(2, time, 3),
        wrap=lambda cell: keras.layers.RNN(cell, return_sequences=True),
    ),
    Case(
        sm.layers.MinGRU,
        {"units": 4, "dilation": 3, "activation": "tanh", "return_sequences": True},
        lambda time: noise(2, time, 3),
    ),
    Case(
        sm.layers.WeightNormalization,
        {"layer": keras.layers.Conv1D(4, 3, padding="same", activation="tanh")},
        lambda time: noise(2, time, 3),
    ),
    Case(sm.layers.CropConcat, {}, lambda time: (noise(2, time + 3, 3), noise(2, time, 2))),
    Case(sm.layers.Decimate, {}, lambda time: noise(2, time, 3)),
    Case(
        sm.layers.Upsample,
        {"method": "learned", "padding": "valid"},
        lambda time: noise(2, time, 3),
    ),
    Case(
        sm.layers.CrossFade,
        {
            "layer": keras.layers.Dense(4, activation="tanh"),
            "length": 6,
            "step": 2,
            "ramp": "endpoint",
        },
        lambda time: noise(2, time, 3),
        wrap=revived,
    ),
    Case(
        sm.layers.TiedTranspose,
        {"convolution": keras.layers.Conv2D(4, (1, 3), strides=(1, 2), use_bias=False)},
        lambda time: (noise(2, time, 4, 4), noise(2, time, 10, 3)),
        wrap=revived,
    ),
    Case(sm.layers.MuLawEncode, MU_LAW, lambda time: noise(2, time, 2)),
    Case(sm.layers.MuLawDecode, MU_LAW, lambda time: noise(2, time, 2)),
    Case(sm.layers.GradientReversal, {"scale": 0.1}, lambda time: noise(2, time, 2)),
    Case(
        sm.layers.GatedResidualBlock,
        {
            "filters": 4,
            "kernel_size": 3,
            "dilation": 2,
            "skip_filters": 5,
            "residual": False,
            "activation": "leaky_relu",
            "preactivation": True,
            "causal": True,
            "padding": "valid",
            "kernel_initializer": keras.initializers.HeNormal(),
        },
        lambda time: (noise(2, time + 4, 3), noise(2, time + 4, 2), noise(2, 1, 6)),
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
            "dilations": (1, 3),
            "gru_dilation": (2, None),
            "groups": 3,
            "bidirectional": False,
            "causal": True,
            "order": "gru_conv",
            "weight_norm": False,
            "head": "softmax",
            "refine_filters": 4,
            "mid_side": True,
            "recurrence": "min_gru",
        },
        lambda time: noise(2, time, 2),
        time=100,
    ),
    Case(
        sm.models.DeepConvSep,
        {
            "sources": ("drums", "bass", "other", "vocals"),
            "sample_rate": 8000,
            "channels": 2,
            "n_fft": 32,
            "hop_length": 16,
            "frames": 6,
            "step": 2,
            "filters": 4,
            "vertical": 5,
            "stride": 3,
            "horizontal": (3, 2),
            "units": 8,
            "bug_compat": True,
            "edges": "published",
        },
        lambda time: noise(2, time, 2),
        time=100,
    ),
    Case(
        sm.models.NCWaveNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "target": None,
            "head": "regression",
            "activation": "leaky_relu",
            "filters": 6,
            "skip_filters": 5,
            "dilations": (1, 3),
            "stacks": (1, 2),
            "padding": "valid",
        },
        lambda time: noise(2, time + 48, 2),
        time=30,
    ),
    Case(
        sm.models.BottleneckNCWaveNet,
        {
            "pooling": 3,
            "domains": ("rock", "folk"),
            "sources": ("drums", "bass", "other"),
            "target": None,
            "head": "regression",
            "activation": "leaky_relu",
            "filters": 6,
            "skip_filters": 5,
            "dilations": (1, 3),
            "stacks": (1, 2),
            "padding": "valid",
        },
        lambda time: noise(2, 3 * (time + 16) + 32, 1),  # whole pieces of 3
        time=30,
    ),
    Case(
        sm.models.StridedNCWaveNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "target": None,
            "head": "regression",
            "filters": 6,
            "kernel_size": 5,
            "front_kernel_size": 7,
            "scales": 2,
            "layers_per_scale": 2,
        },
        lambda time: noise(2, time, 2),
        time=40,
    ),
    Case(
        sm.models.SpectralNCWaveNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "target": None,
            "n_fft": 16,
            "hop_length": 4,
            "filters": 6,
            "depth": 3,
            "kernel_size": 5,
            "front_kernel_size": 7,
        },
        lambda time: noise(2, time, 2),
        time=40,
    ),
    Case(
        sm.models.LluisWaveNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "filters": 6,
            "kernel_size": 5,
            "dilations": (1, 3),
            "stacks": 2,
            "head_filters": (7, 5),
            "padding": "valid",
        },
        lambda time: noise(2, time + 38, 2),
        time=40,
    ),
    Case(
        sm.models.MusicTranslation,
        {
            "sources": ("cello", "piano", "violin"),
            "sample_rate": 8000,
            "filters": 4,
            "latent_filters": 3,
            "pooling": 4,
            "depths": (2, 3),
            "stacks": (2, 1),
            "preactivation": True,
            "confusion": "reversal",
            "confusion_weight": 0.1,
            "semitones": 1.0,
            "convention": "truncate",
        },
        lambda time: (noise(2, 4 * time, 3), noise(2, 4 * time, 3)),
    ),
    Case(
        sm.models.TranslationEncoder,
        {
            "filters": 4,
            "latent_filters": 3,
            "pooling": 4,
            "depth": 3,
            "stacks": 2,
            "preactivation": True,
        },
        lambda time: noise(2, 4 * time, 1),
    ),
    Case(
        sm.models.TranslationDecoder,
        {"filters": 4, "latent_filters": 3, "pooling": 4, "depth": 3, "stacks": 2},
        lambda time: (noise(2, 4 * time, 1), noise(2, time, 3)),
    ),
    Case(
        sm.models.DomainClassifier,
        {"domains": 3, "latent_filters": 4, "filters": 5},
        lambda time: noise(2, time, 4),
        sequence=False,
    ),
    Case(
        sm.models.WaveUNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 1,
            "levels": 2,
            "filters": 3,
            "padding": "same",
            "head": "direct",
            "upsampling": "learned",
            "activation": "linear",
        },
        lambda time: noise(2, time, 1),
        time=50,
    ),
    Case(
        sm.models.UNet,
        {
            "sources": ("drums", "bass", "other"),
            "sample_rate": 8000,
            "channels": 2,
            "n_fft": 32,
            "hop_length": 24,
            "bins": 12,
            "frames": 4,
            "filters": (3, 4),
            "skips": (),
            "activation": "elu",
            "variant": "spleeter",
        },
        lambda time: noise(2, time, 2),
        time=100,
    ),
    Case(
        sm.models.WaveNet,
        {
            "source": "vocals",
            "sample_rate": 8000,
            "filters": 6,
            "skip_filters": 5,
            "kernel_size": 3,
            "dilations": (1, 3),
            "scalar_input": True,
            "condition": 4,
            "hop_length": 3,
            "upsampling": "learned",
        },
        lambda time: (noise(2, 3 * time, 1), noise(2, time, 4)),
    ),
]
NO_CASE = {sm.models.Separator, sm.models.Trainable}  # base classes, which cannot be made


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
