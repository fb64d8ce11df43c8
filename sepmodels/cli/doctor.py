"""Can this machine separate and train, and if not, what to do: `sepmodels doctor`."""

import importlib
import importlib.metadata
import os
import platform
import shutil
import statistics
import textwrap
import time
import warnings
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sepmodels import _files

NEEDED = ("tensorflow", "keras", "numpy", "scipy", "librosa", "soundfile", "soxr", "av", "pandas")
NOT_IMPORTED = ("jupyter", "musdb", "museval")  # the latter two raise without ffmpeg
PROGRAM = "only musdb and museval need it: conda install ffmpeg, or apt install ffmpeg"
OPTIONAL = {  # name: what to do without it
    "matplotlib": "pip install matplotlib, for pictures",
    "jupyter": "pip install jupyter, for the notebooks",
    "musdb": "pip install musdb, for MUSDB18",
    "museval": "pip install museval, for scores by museval",
    "tensorflow-io": "nothing to do: soundfile reads the segments (it needs TensorFlow 2.16)",
}
BACKEND = "separators need TensorFlow: set the environment variable KERAS_BACKEND=tensorflow"
SIZE = 1024  # rows and columns of the matrices that are multiplied
POLICIES = ("float32", "mixed_bfloat16")


class Finding(NamedTuple):
    """One entry of the report: what was examined, the result, its state and a remedy.

    `state` is `"ok"`, `"note"` (something optional is missing) or `"fault"` (no song can be
    separated before the remedy is applied).
    """

    what: str
    found: str
    state: str = "ok"
    remedy: str = ""


def examine():
    """Examine everything that a separation, a training or a notebook depends on.

    Packages are imported, and on every device that TensorFlow lists a matrix product is computed,
    checked and timed.

    Returns:
        list of `Finding`. In a notebook, `pandas.DataFrame(doctor.examine())` is a table.

    Example:

    >>> from sepmodels.cli import doctor
    >>> findings = doctor.examine()
    >>> [finding.what for finding in findings if finding.state == "fault" and not finding.remedy]
    []
    """
    remedies = {name: f"pip install {name}" for name in NEEDED}
    if find_backend() != "tensorflow":
        remedies["keras"] = BACKEND
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            Finding("Python", platform.python_version()),
            Finding("system", _describe_system()),
            *(_examine(name, partial(_import, name), "fault", remedies[name]) for name in NEEDED),
            *(_examine(name, partial(_import, name), "note", OPTIONAL[name]) for name in OPTIONAL),
            *_examine_devices(),
            _examine("policy", _compare_policies, "note", "keep Keras's default, float32"),
            _examine("ffmpeg", partial(_find_program, "ffmpeg"), "note", PROGRAM),
            _examine("ffprobe", partial(_find_program, "ffprobe"), "note", PROGRAM),
            _examine("sample song", _read_sample, "note", "pip install stempeg"),
            _examine(
                "weights", _check_weights, "fault", "install sepmodels again, or pass --model"
            ),
        ]


def format_report(findings):
    """Write the findings as text: a line each, a remedy below it, and a conclusion.

    Args:
        findings: list of `Finding`. From `examine`.

    Returns:
        str.
    """
    indent = " " * (9 + max(len(finding.what) for finding in findings))
    lines = []
    for what, found, state, remedy in findings:
        lines.append(f"{state:7}{what}".ljust(len(indent)) + found)
        wrapped = textwrap.wrap(remedy, 70, break_long_words=False, break_on_hyphens=False)
        lines += [indent + line for line in wrapped]
    ready = not any(finding.state == "fault" for finding in findings)
    fault = "Not ready: apply the remedies below the lines that say 'fault'."
    return "\n".join([*lines, "Ready: this machine can separate songs." if ready else fault])


def find_backend():
    """Find the name of the backend that Keras will use, without importing it."""
    folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    settings = _files.read_json(folder / "keras.json") or {}
    return os.environ.get("KERAS_BACKEND") or settings.get("backend", "tensorflow")


def _examine(what, test, state, remedy):
    """Make a finding of what a test returns, or of the error that it raises."""
    try:
        return Finding(what, test())
    except importlib.metadata.PackageNotFoundError:
        return Finding(what, "missing", state, remedy)
    except Exception as error:  # a broken package may raise anything; the report states it
        found = next(iter(str(error).strip().splitlines()), type(error).__name__)
        remedy = remedy.replace("pip install", "pip install --force-reinstall")
        return Finding(what, found, state, remedy)


def _describe_system():
    # A container or a batch queue may grant fewer cores than the machine has.
    cores = len(getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count()))(0))
    system = f"{platform.system()} {platform.release()} {platform.machine()}, {cores} cores"
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return system
    return f"{system}, {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.1f} GB"


def _import(name):
    version = importlib.metadata.version(name)
    if name == "keras" and find_backend() != "tensorflow":
        raise ImportError(f"with the backend {find_backend()}")
    if name not in NOT_IMPORTED:
        importlib.import_module(name.replace("-", "_"))
    return version


def _examine_devices():
    try:
        tensorflow = importlib.import_module("tensorflow")
    except Exception:  # reported among the packages
        return
    devices = tensorflow.config.list_logical_devices()
    for device in devices:
        remedy = "check the driver, or hide the device: CUDA_VISIBLE_DEVICES=-1"
        test = partial(_multiply, tensorflow, device)
        yield _examine(device.name.removeprefix("/device:"), test, "fault", remedy)
    if any(device.device_type == "GPU" for device in devices):
        return
    remedy = "the CPU is enough for the course; a GPU trains faster (Colab: Runtime, Change type)"
    if platform.system() == "Linux" and shutil.which("nvidia-smi"):
        remedy = "a driver is installed, CUDA is not: pip install 'tensorflow[and-cuda]'"
    yield Finding("GPU", "none", "note", remedy)


def _multiply(tensorflow, device):
    """Run a product of known result on a device, and time it."""
    with tensorflow.device(device.name):
        ones = tensorflow.ones((SIZE, SIZE))
        product = tensorflow.matmul(ones, ones).numpy()  # the first also starts the device
        start = time.perf_counter()
        tensorflow.matmul(ones, ones).numpy()
        seconds = time.perf_counter() - start
    if not (product == SIZE).all():
        raise ArithmeticError("a matrix product is wrong")
    return f"{2 * SIZE**3 / seconds / 1e9:.0f} GFLOP/s, matrix product"


def _compare_policies():
    """Time a convolution and its gradients under both policies, in turns, for about a second."""
    keras, tensorflow = map(importlib.import_module, ("keras", "tensorflow"))
    inputs = tensorflow.random.normal((8, 512, 128))
    layers = {policy: keras.layers.Conv1D(128, 3, dtype=policy) for policy in POLICIES}
    seconds = {policy: [] for policy in POLICIES}
    for _ in range(12):
        for policy, layer in layers.items():
            start = time.perf_counter()
            with tensorflow.GradientTape() as tape:
                loss = tensorflow.reduce_sum(layer(inputs))
            tape.gradient(loss, layer.trainable_variables)[0].numpy()
            seconds[policy].append(time.perf_counter() - start)
    slow, fast = sorted(POLICIES, key=lambda policy: -statistics.median(seconds[policy]))
    ratio = statistics.median(seconds[slow]) / statistics.median(seconds[fast])
    return f"{fast} is {ratio:.1f} times as fast as {slow} in a convolution and its gradients"


def _find_program(name):
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError("missing")
    return path


def _read_sample():
    return importlib.import_module("sepmodels").datasets.sample.load().name


def _check_weights():
    # Not loaded, because a machine without TensorFlow should still be examined to the end.
    paths = sorted((Path(__file__).parents[1] / "models" / "weights").glob("*.keras"))
    if not paths:
        raise FileNotFoundError("missing")
    for path in paths:
        _files.check_digest(path)
    return ", ".join(path.stem for path in paths)
