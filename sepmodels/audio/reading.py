"""Read audio files: the header, the whole, a piece, or block by block."""

import functools
import os
from collections.abc import Iterable, Iterator

import numpy as np

from sepmodels import _checks
from sepmodels.audio import ffmpeg, file, libsndfile


def info(path: str | os.PathLike, index: int | None = None) -> file.Info:
    """Return the sample rate, the channels and the length of an audio file.

    Where a header does not give the exact length, the file is decoded once to count its samples.

    Args:
        path: str or path. Any format that `read` takes.
        index: int. Which of several audio streams, counted from 0. Defaults to `None`: the first.

    Returns:
        `Info(sample_rate, channels, length)`.

    Raises:
        FileNotFoundError: there is no such file.
        AudioError: it is a folder, empty, not audio, or holds no sample.
    """
    return _measure(path, index).info


def read(
    path: str | os.PathLike, start: int = 0, stop: int | None = None, index: int | None = None
) -> tuple[np.ndarray, int]:
    """Read an audio file, or a piece of it.

    The content of a file determines its format, not the name: PCM in any header (wav, RF64,
    aiff ...), flac and ogg are read by libsndfile; mp3, m4a, mkv, webm, wma and the like by FFmpeg
    (their first audio stream). The whole is what the decoder returns from start to end, without
    the padding that an encoder declares; a piece is exactly that part of the whole.

    Args:
        path: str or path. The file.
        start: int. First sample. Defaults to `0`.
        stop: int. One past the last sample; beyond the end means the end. Defaults to `None`.
        index: int. Which of several audio streams, counted from 0; in a `.stem.mp4` file, stream 0
            is the mixture. Defaults to `None`: the first.

    Returns:
        Samples, float32 `(time, channels)`, and the sample rate in Hz.

    Raises:
        FileNotFoundError: there is no such file.
        AudioError: it cannot be read, holds NaN, has no such stream, or `start` lies outside of it.

    Example:

    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/steps.wav"
    >>> sm.audio.write(path, np.array([[0.0], [0.5], [1.5]]), 8000)
    >>> samples, sample_rate = sm.audio.read(path, start=1)
    >>> samples.tolist(), sample_rate
    ([[0.5], [1.5]], 8000)
    """
    sound = _measure(path, index)
    sample_rate, channels, length = sound.info
    stop = length if stop is None else min(stop, length)
    if not 0 <= start <= stop:
        raise file.AudioError(
            f"{path}: `start` must lie in its {length} samples and before `stop`. "
            f"Received: start={start}, stop={stop}"
        )
    pieces = list(sound.decode(start, stop, max(1, stop - start)))
    nothing = np.zeros((0, channels), "float32")
    samples = pieces[0] if len(pieces) == 1 else np.concatenate([nothing, *pieces])
    return file.check_finite(path, samples, start, sample_rate), sample_rate


def read_blocks(path: str | os.PathLike, size: int) -> Iterator[np.ndarray]:
    """Read a file of any length piece by piece, in constant memory.

    Args:
        path: str or path. The file.
        size: int. Samples in a block; the last one may be shorter.

    Yields:
        Samples, float32 `(size, channels)`.

    Raises:
        FileNotFoundError, AudioError: as `read`.
        ValueError: `size` is below 1.
    """
    _checks.at_least(1, size=size)
    sound = _measure(path)
    pieces = regroup_blocks(sound.decode(0, sound.info.length, size), size)
    for number, block in enumerate(pieces):
        yield file.check_finite(path, block, number * size, sound.info.sample_rate)


def regroup_blocks(pieces: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield the same samples in blocks of `size`; the last one may be shorter."""
    kept, count = [], 0
    for piece in pieces:
        kept.append(piece)
        count += len(piece)
        if count >= size:
            joined = np.concatenate(kept) if len(kept) > 1 else piece
            whole = count - count % size
            yield from (joined[start : start + size] for start in range(0, whole, size))
            kept, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(kept)


def _measure(path, index=None):
    """Find the decoder and count the samples of a file, once until the file changes."""
    file.check_exists(path)
    status = os.stat(path)
    return _measure_once(os.fspath(path), index, status.st_size, status.st_mtime_ns)


@functools.lru_cache(4096)
def _measure_once(path, index, size, time):
    return (libsndfile.measure(path) if index is None else None) or ffmpeg.measure(path, index or 0)
