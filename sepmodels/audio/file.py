"""What reading and writing share: the header, the errors, and the list of what is read."""

import contextlib
import os
import pathlib
from typing import NamedTuple

import numpy as np

# Folders are searched for files with these suffixes. The content alone determines the decoder.
_NAMES = """
    3gp aac ac3 aif aifc aiff amr ape asf au avi bw64 caf dts eac3 flac flv m4a m4b m4v mka mkv mlp
    mov mp2 mp3 mp4 mpc mpeg mpg mts mxf nut oga ogg ogv opus rf64 snd spx tak thd ts tta vob voc
    w64 wav webm wma wmv wv
"""
SUFFIXES = frozenset(f".{name}" for name in _NAMES.split())


class AudioError(ValueError):
    """A file that cannot be read or written: what is wrong and what to do, in one line."""


class Info(NamedTuple):
    """Sample rate in Hz, number of channels and length in samples of a file."""

    sample_rate: int
    channels: int
    length: int


def get_suffix(path):
    """Return the suffix of a path in lower case, such as `.wav`."""
    return pathlib.Path(path).suffix.lower()


def get_reason(error):
    """Return the message of a library's error in one line, without a full stop."""
    words = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(words.split()).rstrip(".") or type(error).__name__


@contextlib.contextmanager
def explain_errors(path):
    """Raise an `AudioError` that names the file, whatever error a decoder raises."""
    try:
        yield
    except AudioError:
        raise
    # PyAV and soundfile raise errors of many types for a damaged file.
    except Exception as error:
        raise AudioError(
            f"{path} cannot be read as audio ({get_reason(error)}); export it as .wav"
        ) from error


def check_exists(path):
    """Refuse a path that does not lead to a readable file with content."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file; check the name and the folder")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; give the name of an audio file")
    if not os.access(path, os.R_OK):
        raise AudioError(f"{path} may not be read; change its permissions")
    if path.stat().st_size == 0:
        raise AudioError(f"{path} is empty (0 bytes); copy or export it again")


def check_whole(path, missing, tolerance=0):
    """Refuse a file that ends earlier than its header states."""
    if missing > tolerance:
        raise AudioError(f"{path} ends {missing} samples too early; copy or export it again")


def check_finite(path, samples, start, sample_rate):
    """Return the samples `(time, channels)` unless one of them is not a number."""
    if not np.isfinite(samples).all():
        second = (start + int(np.argmin(np.isfinite(samples).all(axis=1)))) / sample_rate
        raise AudioError(
            f"{path}: NaN or infinite samples, the first at {second:.3f} s; export it again"
        )
    return samples
