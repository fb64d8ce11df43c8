"""Pieces of WAV files read inside `tf.data` by tensorflow-io, where it is installed."""

import functools
import logging
import os

import numpy as np
import soundfile
import tensorflow as tf

from sepmodels import audio
from sepmodels.datasets.stem_readers import FileSignal

_DTYPES = {"PCM_16": tf.int16, "FLOAT": tf.float32}
_MOST_FILES = 512  # each stays open, and systems allow a process about 1000


def reader(tracks, sources):
    """Make a function that reads a piece of a stem with TensorFlow operations alone.

    tensorflow-io reads 16-bit and float WAV files two to three times faster than Python does.

    Args:
        tracks: list of `Track`.
        sources: sequence of str.

    Returns:
        A `Reader`, or `None` where the stems are not all such WAV files or tensorflow-io is not
        installed.
    """
    places = {
        (number, sources.index(source)): signal
        for number, track in enumerate(tracks)
        for source, signal in track.signals.items()
        if source in sources
    }
    if not all(isinstance(signal, FileSignal) for signal in places.values()):
        return None
    paths = sorted({os.path.abspath(signal.path) for signal in places.values()})
    kinds = {_kind(path) for path in paths}
    if len(paths) > _MOST_FILES or len(kinds) != 1 or not kinds <= set(_DTYPES):
        return None
    core_ops = _core_ops()
    if core_ops is None:
        return None
    rows = np.zeros((len(tracks), len(sources)), "int64")
    channels = np.full((len(tracks), len(sources)), -1, "int64")
    for place, signal in places.items():
        rows[place] = paths.index(os.path.abspath(signal.path))
        channels[place] = -1 if signal.channel is None else signal.channel
    return Reader(paths, _DTYPES[kinds.pop()], rows, channels, core_ops)


class Reader:
    """Reads pieces of WAV files; made by `reader`.

    Args:
        paths: list of str. The files.
        dtype: tf.DType. Of the samples in them.
        rows: int64 array `(tracks, sources)`. Which of the files holds a stem.
        channels: int64 array `(tracks, sources)`. Which of its channels; -1 for all.
        core_ops: module. The operations of tensorflow-io.
    """

    def __init__(self, paths, dtype, rows, channels, core_ops):
        self._paths = paths
        self._sizes = [os.path.getsize(path) for path in paths]
        self._dtype = dtype
        self._rows = rows
        self._channels = channels
        self._read = core_ops.io_audio_readable_read
        # An `AudioIOTensor` made inside a parallel `map` gives now and then a piece of another
        # file: all calls of one node share one open file. A resource under its name is safe.
        opened = [core_ops.io_audio_readable_init(path, shared_name=path) for path in paths]
        self._files = tf.stack(opened)

    def check(self, tracks):
        """Refuse files, one for each source, that have changed: the operation cannot name them."""
        for source, track in enumerate(tracks):
            row = self._rows[track, source]
            path = self._paths[row]
            if not os.path.exists(path) or os.path.getsize(path) != self._sizes[row]:
                raise audio.AudioError(
                    f"{path} was removed or changed its size while it was in use; copy it again"
                )

    def __call__(self, track, source, start, stop):
        """Read a piece, float32 `(time, channels)`, of source number `source` of a track."""
        row = tf.constant(self._rows)[track, source]
        piece = self._read(tf.gather(self._files, row), [start], [stop], dtype=self._dtype)
        if self._dtype == tf.int16:
            piece = tf.cast(piece, tf.float32) / 32768.0
        else:
            # The slow road gives the same samples, or knows what to say about them.
            place = [row, start, stop]
            fine = tf.reduce_all(tf.math.is_finite(piece))
            piece = tf.cond(
                fine, lambda: piece, lambda: tf.numpy_function(self._slowly, place, tf.float32)
            )
        channel = tf.constant(self._channels)[track, source]
        return tf.cond(channel < 0, lambda: piece, lambda: piece[:, channel : channel + 1])

    def _slowly(self, row, start, stop):
        return audio.read(self._paths[row], int(start), int(stop))[0]


def _kind(path):
    info = soundfile.info(path) if path.lower().endswith(".wav") else None
    return info.subtype if info is not None and info.format == "WAV" else None


@functools.cache
def _core_ops():
    try:
        from tensorflow_io.python.ops import core_ops

        core_ops.io_audio_readable_init  # loads the library, made for one TensorFlow  # noqa: B018
    except (ImportError, NotImplementedError, tf.errors.OpError):
        logging.getLogger(__name__).info("no tensorflow-io for this TensorFlow: soundfile reads")
        return None
    return core_ops
