"""Can this machine separate and train, and if not, what to do: `python -m sepmodels doctor`."""

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

_NEEDED = (
    "tensorflow", "keras", "numpy", "scipy", "librosa", "soundfile", "soxr", "av", "pandas", "tqdm",
)  # fmt: skip
_OPTIONAL = {  # and what each is for
    "matplotlib": "pictures",
    "jupyter": "the notebooks",
    "musdb": "MUSDB18",
    "museval": "scores by museval",
}
_SIZE = 1024  # rows and columns of the matrices that are multiplied
_WIDTH = 80  # columns of the report, which narrow terminals and notebooks show unbroken


class Finding(NamedTuple):
    """One line of the report: what was looked at, what was found, how it is, what to do.

    `state` is `"ok"`, `"note"` (something optional is missing) or `"fault"` (nothing can be
    separated before the remedy).
    """

    what: str
    found: str
    state: str = "ok"
    remedy: str = ""


def examine():
    """Look at everything that a separation, a training or a notebook leans on.

    Nothing is believed that can be tried: packages are imported, and on every device that
    TensorFlow lists a matrix product is run, checked and timed.

    Returns:
        list of `Finding`. In a notebook, `pandas.DataFrame(doctor.examine())` is a table.

    Example:

    >>> findings = doctor.examine()
    >>> [finding.what for finding in findings if finding.state == "fault" and not finding.remedy]
    []
    """
    return [
        *_machine(),
        *(_package(name) for name in _NEEDED),
        *(_optional(name, use) for name, use in _OPTIONAL.items()),
        _tensorflow_io(),
        *_devices(),
        *_ffmpeg(),
        _sample(),
        _weights(),
    ]


def report(findings):
    """The findings as text: a line each, a long remedy below it.

    Args:
        findings: list of `Finding`. From `examine`.

    Returns:
        str.
    """
    first = max(len(finding.what) for finding in findings)
    second = max(len(finding.found) for finding in findings)
    lines = []
    indent = " " * (9 + first)  # below what was found
    for what, found, state, remedy in findings:
        line = f"{state:5}  {what:{first}}  {found:{second}}  {remedy}".rstrip()
        if remedy and len(line) > _WIDTH:
            line = f"{state:5}  {what:{first}}  {found}\n" + textwrap.fill(
                remedy,
                _WIDTH,
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        lines.append(line)
    if any(finding.state == "fault" for finding in findings):
        lines.append("Something is at fault: see the lines above that begin with 'fault'.")
    else:
        lines.append("Ready: this machine can separate songs.")
    return "\n".join(lines)


def _machine():
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        "Python",
        platform.python_version(),
        "ok" if supported else "note",
        "" if supported else "tested with 3.11 to 3.13; use one of these",
    )
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    yield Finding("cores", str(_cores()))
    memory = _memory()
    little = memory is not None and memory < 3.5
    yield Finding(
        "memory",
        "unknown" if memory is None else f"{memory:.1f} GB",
        "note" if little else "ok",
        "close other programs; lower batch_size and segment" if little else "",
    )


def _cores():
    # A container or a batch queue may grant fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory():
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9


def _loaded(name):
    """The package, or the error that its import ended in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except Exception as error:  # a broken package may raise anything; the report says what
            return error


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(name):
    loaded = _loaded(name)
    if not isinstance(loaded, Exception):
        return Finding(name, _version(name) or "unknown version")
    if _version(name) is None:
        return Finding(name, "missing", "fault", f"pip install {name}")
    return Finding(
        name,
        f"{_version(name)}, but cannot be imported",
        "fault",
        f"{_line(loaded)}; pip install --force-reinstall {name}",
    )


def _optional(name, use):
    # Only looked up: musdb and museval cannot be imported without ffmpeg, jupyter never.
    version = _version(name)
    if version is None:
        return Finding(name, "missing", "note", f"pip install {name} (for {use})")
    return Finding(name, version)


def _tensorflow_io():
    name = "tensorflow-io"
    version = _version(name)
    if version is None:
        return Finding(name, "missing", "ok", "nothing to do: soundfile reads the segments")
    loaded = _loaded("tensorflow_io")
    if isinstance(loaded, Exception):
        remedy = f"soundfile is used; {name} fits TensorFlow 2.16 only ({_line(loaded)})"
        return Finding(name, f"{version}, does not load", "note", remedy)
    return Finding(name, version)


def _devices():
    tensorflow = _loaded("tensorflow")
    if isinstance(tensorflow, Exception):
        return
    devices = tensorflow.config.list_logical_devices()
    for device in devices:
        yield _multiplied(tensorflow, device)
    if not any(device.device_type == "GPU" for device in devices):
        yield Finding("GPU", "none", "note", _gpu_remedy())


def _multiplied(tensorflow, device):
    """Run a product of known result on a device, and time it."""
    what = device.name.removeprefix("/device:")
    try:
        with tensorflow.device(device.name):
            ones = tensorflow.ones((_SIZE, _SIZE))
            product = tensorflow.matmul(ones, ones).numpy()
            seconds = min(_timed(lambda: tensorflow.matmul(ones, ones).numpy()) for _ in range(3))
    except tensorflow.errors.OpError as error:
        remedy = f"{_line(error)}; check the driver, or hide the device: CUDA_VISIBLE_DEVICES=-1"
        return Finding(what, "a matrix product fails", "fault", remedy)
    if not (product == _SIZE).all():
        return Finding(what, "a matrix product is wrong", "fault", "do not trust this device")
    return Finding(what, f"{2 * _SIZE**3 / seconds / 1e9:.0f} GFLOP/s, matrix product")


def _timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _gpu_remedy():
    if platform.system() == "Linux" and shutil.which("nvidia-smi"):
        return "there is a driver, but TensorFlow has no CUDA: pip install 'tensorflow[and-cuda]'"
    return "the CPU is enough for the course; a GPU trains faster (Colab: Runtime, Change type)"


def _ffmpeg():
    for name in ("ffmpeg", "ffprobe"):
        path = shutil.which(name)
        remedy = "only musdb and museval need it: conda install ffmpeg, or apt install ffmpeg"
        yield Finding(name, path or "missing", "ok" if path else "note", "" if path else remedy)


def _sample():
    what, sample = "sample song", _loaded("sepmodels.datasets.corpora.sample")
    if isinstance(sample, Exception):
        return Finding(what, "cannot be read", "note", _line(sample))
    try:
        return Finding(what, sample.load().name)
    except (ImportError, OSError, ValueError) as error:
        return Finding(what, "missing", "note", _line(error))


def _weights():
    # Only looked for, since a machine without TensorFlow must get this far.
    folder = Path(__file__).parents[1] / "models" / "weights"
    found = sorted(path.stem for path in folder.glob("*.keras"))
    if not found:
        return Finding("weights", "missing", "fault", "install sepmodels again, or pass --model")
    return Finding("weights", ", ".join(found))


def _line(error):
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
