"""A file or an array as a stream of blocks, never whole in memory."""

import math
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from sepmodels import _checks
from sepmodels.audio import reading, resampling
from sepmodels.audio.file import AudioError


class BlockStream:
    """A file or an array as a stream of blocks, which are kept until somebody takes them.

    Args:
        mixture: path or float array. An audio file, or samples in [-1, 1] of shape `(time,)` or
            `(time, channels)`; mono or stereo.
        sample_rate: int. Of the array, in Hz. A file knows its own.

    Attributes:
        name: str. The file's name without its suffix, or `mixture`.
        sample_rate: int. In Hz.
        channels: int. One or two.
        length: int. In samples, as the header of a file has it.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: the samples of an array are not float.
        ValueError: it is no audio, empty, not finite or of more than two channels.

    Example:

    >>> song = sm.audio.BlockStream(np.arange(5.0), sample_rate=8000)
    >>> [block[:, 0].tolist() for block in song.blocks(3)]
    [[0.0, 1.0, 2.0], [3.0, 4.0]]
    >>> song.take(4)[:, 0].tolist(), song.take(4)[:, 0].tolist()
    ([0.0, 1.0, 2.0, 3.0], [4.0])
    """

    def __init__(self, mixture, sample_rate=None):
        if isinstance(mixture, str | os.PathLike):
            found, self.channels, self.length = reading.info(mixture)
            if sample_rate not in (None, found):
                raise ValueError(
                    f"{mixture} has a sample rate of {found} Hz; leave sample_rate out for a file. "
                    f"Received: sample_rate={sample_rate}"
                )
            self.sample_rate, self.name, origin = found, Path(mixture).stem, mixture
            self._read = partial(reading.read_blocks, mixture)
        else:
            samples = _checks.sound("mixture", mixture, mono=True).astype("float32", copy=False)
            if sample_rate is None:
                raise ValueError("an array needs its sample_rate, in Hz, such as sample_rate=44100")
            self.length, self.channels = samples.shape
            self.sample_rate, self.name, origin = sample_rate, "mixture", "mixture"
            self._read = partial(_pieces, samples)
        if self.channels > 2:
            raise AudioError(
                f"{origin} has {self.channels} channels; mix it down to one or two "
                "(an array is (time, channels))"
            )
        self._kept = deque()

    def blocks(self, size):
        """Yield the song from start to end, `size` samples at a time."""
        for block in self._read(size):
            self._kept.append(block)
            yield block

    def take(self, count):
        """The next `count` samples of those that were read; fewer, if no more were."""
        taken = [np.zeros((0, self.channels), "float32")]
        while count and self._kept:
            block = self._kept.popleft()
            if len(block) > count:
                self._kept.appendleft(block[count:])
            taken.append(block[:count])
            count -= len(taken[-1])
        return np.concatenate(taken)


def prefetch(blocks, count=2):
    """Yield the same blocks, the next of which a thread prepares while this one is used.

    What reads, computes and writes for a long time without Python then runs at the same time.

    Args:
        blocks: iterable.
        count: int. How many are prepared at most. Defaults to `2`.

    Yields:
        What `blocks` yields; what it raises is raised here.
    """
    blocks, end = iter(blocks), object()
    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(next, blocks, end) for _ in range(count))
        try:
            while (block := waiting.popleft().result()) is not end:
                waiting.append(thread.submit(next, blocks, end))
                yield block
        finally:
            for future in waiting:
                future.cancel()


def resample_blocks(blocks, from_rate, to_rate):
    """Yield a stream at another rate.

    Args:
        blocks: iterable of arrays `(time, ...)`, at least one.
        from_rate: int. Of the blocks, in Hz.
        to_rate: int. Of what is yielded, in Hz.

    Yields:
        Arrays `(time, ...)`, of any lengths, some perhaps empty.
    """
    if from_rate == to_rate:
        yield from blocks
        return
    resampler = None
    for block in blocks:
        shape = block.shape[1:]
        if resampler is None:
            resampler = resampling.Resampler(from_rate, to_rate, math.prod(shape))
        flat = block.reshape(len(block), math.prod(shape))
        yield resampler.push(flat).reshape(-1, *shape)
    yield resampler.push(np.zeros((0, math.prod(shape))), last=True).reshape(-1, *shape)


def _pieces(samples, size):
    return (samples[start : start + size] for start in range(0, len(samples), size))
