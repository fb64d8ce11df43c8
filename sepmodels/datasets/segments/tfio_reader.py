"""`NativeReader`: reads pieces of WAV files inside `tf.data` with tensorflow-io, if installed."""

import functools
import logging
import os

import numpy as np
import soundfile
import tensorflow as tf

from sepmodels import audio
from sepmodels.datasets.stem_readers import FileReader

_DTYPES = {"PCM_16": tf.int16, "FLOAT": tf.float32}
_MOST_FILES = 512  # each stays open, and systems allow a process about 1000


def open_native(tracks, sources):
    """Make a reader of pieces of stems that uses TensorFlow operations alone.

    tensorflow-io reads 16-bit and float WAV files two to three times faster than Python does.

    Args:
        tracks: list of `Track`.
        sources: sequence of str.

    Returns:
        A `NativeReader`, or `None` where the stems are not all such WAV files or tensorflow-io is
        not installed.
    """
    readers = {
        (index, column): track.readers[source]
        for index, track in enumerate(tracks)
        for column, source in enumerate(sources)
        if source in track.readers
    }
    if not all(isinstance(reader, FileReader) for reader in readers.values()):
        return None
    paths = sorted({os.path.abspath(reader.path) for reader in readers.values()})
    dtype, *others = {_find_dtype(path) for path in paths}
    readable = dtype is not None and not others and len(paths) <= _MOST_FILES
    core_ops = _load_core_ops() if readable else None
    if core_ops is None:
        return None
    rows = np.zeros((len(tracks), len(sources)), "int64")
    channels = np.full((len(tracks), len(sources)), -1, "int64")
    for cell, reader in readers.items():
        rows[cell] = paths.index(os.path.abspath(reader.path))
        channels[cell] = -1 if reader.channel is None else reader.channel
    return NativeReader(paths, dtype, rows, channels, core_ops)


class NativeReader:
    """Reads pieces of WAV files; made by `open_native`.

    Args:
        paths: list of str. The files.
        dtype: tf.DType. Of the samples in them.
        rows: int64 array `(tracks, sources)`. The index of the file that holds a stem.
        channels: int64 array `(tracks, sources)`. The channel of that file; -1 for all.
        core_ops: module. The operations of tensorflow-io.
    """

    def __init__(self, paths, dtype, rows, channels, core_ops):
        self._paths = paths
        self._sizes = [os.path.getsize(path) for path in paths]
        self._dtype = dtype
        self._rows = rows
        self._channels = channels
        self._read = core_ops.io_audio_readable_read
        # An `AudioIOTensor` made inside a parallel `map` sometimes returns a piece of another file,
        # because all calls of one node share one open file. A resource under its name is safe.
        opened = [core_ops.io_audio_readable_init(path, shared_name=path) for path in paths]
        self._files = tf.stack(opened)

    def check(self, tracks):
        """Refuse files that have changed, one for each source; the operation does not name them."""
        for source, track in enumerate(tracks):
            row = self._rows[track, source]
            path = self._paths[row]
            if not os.path.exists(path) or os.path.getsize(path) != self._sizes[row]:
                raise audio.AudioError(
                    f"{path} was removed or changed its size while it was in use; copy it again"
                )

    def __call__(self, source, track, start, stop):
        """Read a piece of a stem, float32 `(time, channels)`; all arguments are numbers."""
        row = tf.constant(self._rows)[track, source]
        piece = self._read(tf.gather(self._files, row), [start], [stop], dtype=self._dtype)
        if self._dtype == tf.int16:
            piece = tf.cast(piece, tf.float32) / 32768.0
        else:
            # `audio.read` returns the same samples, or raises an error that names the file.
            arguments = [row, start, stop]
            fine = tf.reduce_all(tf.math.is_finite(piece))
            again = functools.partial(tf.numpy_function, self._read_again, arguments, tf.float32)
            piece = tf.cond(fine, lambda: piece, again)
        channel = tf.constant(self._channels)[track, source]
        return tf.cond(channel < 0, lambda: piece, lambda: piece[:, channel : channel + 1])

    def _read_again(self, row, start, stop):
        return audio.read(self._paths[row], int(start), int(stop))[0]


def _find_dtype(path):
    """The type of the samples in a WAV file, or `None` where tensorflow-io cannot read it."""
    in_utf_8 = path.encode(errors="ignore").decode() == path
    if not in_utf_8 or not path.lower().endswith(".wav"):
        return None
    info = soundfile.info(path)
    return _DTYPES.get(info.subtype) if info.format == "WAV" else None


@functools.cache
def _load_core_ops():
    try:
        from tensorflow_io.python.ops import core_ops

        core_ops.io_audio_readable_init  # loads the library, made for one TensorFlow  # noqa: B018
    except (ImportError, NotImplementedError, tf.errors.OpError):
        logging.getLogger(__name__).info("no tensorflow-io for this TensorFlow; soundfile reads")
        return None
    return core_ops
