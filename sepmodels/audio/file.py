"""What reading and writing share: the header, the error, and the checks that raise it."""

import pathlib
from typing import NamedTuple

import numpy as np


class AudioError(ValueError):
    """A file that cannot be read or written: what is wrong and what to do, in one line."""


class Info(NamedTuple):
    """The header of a file: rate in Hz, number of channels, length in samples."""

    sample_rate: int
    channels: int
    length: int


def suffix(path):
    """The format by its name, such as `.wav`."""
    return pathlib.Path(path).suffix.lower()


def reason(error):
    """The words of the library underneath, without a full stop."""
    words = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return words.strip().rstrip(".")


def check_exists(path):
    """Refuse a path that is no file with something in it."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file; check the name and the folder")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; give the name of an audio file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path} is empty (0 bytes); copy or export it again")


def check_length(path, length):
    """Refuse a file without samples."""
    if length == 0:
        raise AudioError(f"{path} holds 0 samples; export it again")


def check_whole(path, missing, tolerance=0):
    """Refuse a file that ends before its header says."""
    if missing > tolerance:
        raise AudioError(f"{path} ends {missing} samples too early; copy or export it again")


def unreadable(path, error):
    """The error for a file that the decoder does not take."""
    return AudioError(f"{path} cannot be read as audio ({reason(error)}); export it as .wav")


def finite(path, samples, start, sample_rate):
    """Return the samples `(time, channels)` unless one of them is not a number."""
    if not np.isfinite(samples).all():
        second = (start + int(np.argmin(np.isfinite(samples).all(axis=1)))) / sample_rate
        raise AudioError(
            f"{path}: NaN or infinite samples, the first at {second:.3f} s; export it again"
        )
    return samples
