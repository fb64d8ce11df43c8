"""Can this machine separate and train, and if not, what to do: `sepmodels doctor`."""

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
import textwrap
import time
import warnings
from pathlib import Path
from typing import NamedTuple

from sepmodels import _files

NEEDED = ("tensorflow", "keras", "numpy", "scipy", "librosa", "soundfile", "soxr", "av", "pandas")
OPTIONAL = {  # name: what to do without it
    "matplotlib": "pip install matplotlib, for pictures",
    "jupyter": "pip install jupyter, for the notebooks",
    "musdb": "pip install musdb, for MUSDB18",
    "museval": "pip install museval, for scores by museval",
    "tensorflow-io": "nothing to do: soundfile reads the segments (it needs TensorFlow 2.16)",
}
LOOKED_UP = ("jupyter", "musdb", "museval")  # not imported: the latter two raise without ffmpeg
SIZE = 1024  # rows and columns of the matrices that are multiplied


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

    What can be tried is tried: packages are imported, and on every device that TensorFlow lists a
    matrix product is computed, checked and timed.

    Returns:
        list of `Finding`. In a notebook, `pandas.DataFrame(doctor.examine())` is a table.

    Example:

    >>> from sepmodels.cli import doctor
    >>> findings = doctor.examine()
    >>> [finding.what for finding in findings if finding.state == "fault" and not finding.remedy]
    []
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            *_examine_machine(),
            *map(_examine_package, NEEDED),
            *map(_examine_package, OPTIONAL, OPTIONAL.values()),
            *_examine_devices(),
            *map(_examine_program, ("ffmpeg", "ffprobe")),
            _examine_sample(),
            _examine_weights(),
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


def _examine_machine():
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    remedy = ("note", "tested with Python 3.11 to 3.13; use one of these")
    yield Finding("Python", platform.python_version(), *(() if supported else remedy))
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    # A container or a batch queue may grant fewer cores than the machine has.
    affinity = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count()))
    yield Finding("cores", str(len(affinity(0))))
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        remedy = ("note", "close other programs; lower batch_size and segment")
        yield Finding("memory", f"{memory:.1f} GB", *(remedy if memory < 3.5 else ()))


def _examine_package(name, remedy=None):
    state, remedy = ("note", remedy) if remedy else ("fault", f"pip install {name}")
    if name == "keras" and find_backend() != "tensorflow":
        remedy = "separators need TensorFlow: set the environment variable KERAS_BACKEND=tensorflow"
        return Finding(name, f"with the backend {find_backend()}", state, remedy)
    try:
        version = importlib.metadata.version(name)
        if name not in LOOKED_UP:
            importlib.import_module(name.replace("-", "_"))
        return Finding(name, version)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", state, remedy)
    except Exception as error:  # a broken package may raise anything; the report states it
        remedy = remedy.replace("pip install", "pip install --force-reinstall")
        return Finding(
            name, f"{version}, cannot be imported", state, f"{_shorten(error)}; {remedy}"
        )


def _examine_devices():
    try:
        tensorflow = importlib.import_module("tensorflow")
    except Exception:  # told above
        return
    devices = tensorflow.config.list_logical_devices()
    yield from (_multiply(tensorflow, device) for device in devices)
    if any(device.device_type == "GPU" for device in devices):
        return
    remedy = "the CPU is enough for the course; a GPU trains faster (Colab: Runtime, Change type)"
    if platform.system() == "Linux" and shutil.which("nvidia-smi"):
        remedy = "a driver is installed, CUDA is not: pip install 'tensorflow[and-cuda]'"
    yield Finding("GPU", "none", "note", remedy)


def _multiply(tensorflow, device):
    """Run a product of known result on a device, and time it."""
    what, seconds = device.name.removeprefix("/device:"), []
    try:
        with tensorflow.device(device.name):
            ones = tensorflow.ones((SIZE, SIZE))
            for _ in range(4):
                start = time.perf_counter()
                product = tensorflow.matmul(ones, ones).numpy()
                seconds.append(time.perf_counter() - start)
    except tensorflow.errors.OpError as error:
        remedy = f"{_shorten(error)}; check the driver, or hide it: CUDA_VISIBLE_DEVICES=-1"
        return Finding(what, "a matrix product fails", "fault", remedy)
    if not (product == SIZE).all():
        return Finding(what, "a matrix product is wrong", "fault", "do not use this device")
    return Finding(what, f"{2 * SIZE**3 / min(seconds) / 1e9:.0f} GFLOP/s, matrix product")


def _examine_program(name):
    path = shutil.which(name)
    remedy = ("note", "only musdb and museval need it: conda install ffmpeg, or apt install ffmpeg")
    return Finding(name, path or "missing", *(() if path else remedy))


def _examine_sample():
    try:
        return Finding(
            "sample song", importlib.import_module("sepmodels").datasets.sample.load().name
        )
    except (ImportError, OSError, ValueError) as error:
        return Finding("sample song", "cannot be read", "note", _shorten(error))


def _examine_weights():
    # Not loaded, since a machine without TensorFlow must get this far.
    folder = Path(__file__).parents[1] / "models" / "weights"
    found = sorted(path.stem for path in folder.glob("*.keras"))
    if not found:
        return Finding("weights", "missing", "fault", "install sepmodels again, or pass --model")
    for name in found:
        try:
            _files.check_digest(folder / f"{name}.keras")
        except (ValueError, OSError) as error:
            return Finding("weights", name, "fault", _shorten(error))
    return Finding("weights", ", ".join(found))


def _shorten(error):
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
