"""Read audio files: the header, the whole, a piece, or block by block."""

import contextlib

import numpy as np
import soundfile

from sepmodels.audio import file, mp4

# mp3 frames borrow bits from those before them, so decoding starts eight frames early.
_PREROLL = {".mp3": 8 * 1152}


def info(path):
    """Read the header of an audio file.

    Args:
        path: str or path. Any format that `read` takes.

    Returns:
        `Info(sample_rate, channels, length)`.

    Raises:
        FileNotFoundError: there is no such file.
        AudioError: it is a folder, empty, not audio, or holds no sample.
    """
    opened = mp4.opened(path, 0) if file.suffix(path) in mp4.SUFFIXES else _opened(path)
    with opened as (_, header):
        return header


def read(path, start=0, stop=None):
    """Read an audio file, or a piece of it.

    wav (RF64 too), flac, ogg, opus, mp3, aiff and whatever else libsndfile knows; m4a, mp4, mkv,
    webm and the like through PyAV (their first audio stream).

    Args:
        path: str or path. The file.
        start: int. First sample. Defaults to `0`.
        stop: int. One past the last sample; beyond the end means the end. Defaults to `None`.

    Returns:
        Samples, float32 `(time, channels)`, and the sample rate in Hz.

    Raises:
        FileNotFoundError: there is no such file.
        AudioError: it cannot be read, holds NaN, or `start` lies outside of it.

    Example:

    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/steps.wav"
    >>> sm.audio.write(path, np.array([[0.0], [0.5], [1.5]]), 8000)
    >>> samples, sample_rate = sm.audio.read(path, start=1)
    >>> samples.tolist(), sample_rate
    ([[0.5], [1.5]], 8000)
    """
    if file.suffix(path) in mp4.SUFFIXES:
        return read_stream(path, 0, start, stop)
    with _opened(path) as (sound, (sample_rate, _, length)):
        stop = _checked_stop(path, start, stop, length)
        samples = _piece(path, sound, start, stop)
    return file.finite(path, samples, start, sample_rate), sample_rate


def read_stream(path, index, start=0, stop=None):
    """Read one audio stream of an m4a or mp4 file, such as a stem of a `.stem.mp4`.

    Args:
        path: str or path. The file.
        index: int. Which audio stream; in a stem file 0 is the mixture.
        start: int. First sample. Defaults to `0`.
        stop: int. One past the last sample; beyond the end means the end. Defaults to `None`.

    Returns:
        Samples, float32 `(time, channels)`, and the sample rate in Hz.

    Raises:
        FileNotFoundError: there is no such file.
        AudioError: it cannot be read, or has no such stream.
    """
    with mp4.opened(path, index) as (stream, (sample_rate, channels, length)):
        stop = _checked_stop(path, start, stop, length)
        pieces = [np.zeros((0, channels), "float32"), *mp4.decoded(stream, start, stop)]
    return file.finite(path, np.concatenate(pieces), start, sample_rate), sample_rate


def read_blocks(path, size):
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
    if size < 1:
        raise ValueError(f"`size` must be at least 1 sample. Received: size={size}")
    with contextlib.ExitStack() as stack:
        if file.suffix(path) in mp4.SUFFIXES:
            stream, header = stack.enter_context(mp4.opened(path, 0))
            pieces = mp4.regroup_blocks(mp4.decoded(stream, 0, header.length), size)
        else:
            sound, header = stack.enter_context(_opened(path))
            starts = range(0, header.length, size)
            pieces = (_piece(path, sound, at, min(at + size, header.length)) for at in starts)
        for number, block in enumerate(pieces):
            yield file.finite(path, block, number * size, header.sample_rate)


@contextlib.contextmanager
def _opened(path):
    file.check_exists(path)
    try:
        with soundfile.SoundFile(path) as sound:
            file.check_length(path, sound.frames)
            yield sound, file.Info(sound.samplerate, sound.channels, sound.frames)
    except (soundfile.LibsndfileError, TypeError) as error:
        raise file.unreadable(path, error) from None


def _piece(path, sound, start, stop):
    # soundfile seeks around every read, so this holds for consecutive pieces too
    early = max(0, start - _PREROLL.get(file.suffix(path), 0))
    sound.seek(early)
    samples = sound.read(stop - early, dtype="float32", always_2d=True)[start - early :]
    file.check_whole(path, stop - start - len(samples))
    return samples


def _checked_stop(path, start, stop, length):
    stop = length if stop is None else min(stop, length)
    if not 0 <= start <= stop:
        raise file.AudioError(
            f"{path}: `start` must lie in its {length} samples and before `stop`. "
            f"Received: start={start}, stop={stop}"
        )
    return stop
