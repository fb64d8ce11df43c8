"""A file or an array as a stream of blocks; a file is never held in memory as a whole."""

import itertools
import math
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from sepmodels import _checks
from sepmodels.audio import reading, resampling
from sepmodels.audio.file import AudioError


class BlockStream:
    """A file or an array as a stream of blocks, which are kept until they are taken.

    Separation compares its estimates with the mixture, which arrives earlier: `blocks` reads the
    mixture, and `take` returns the same samples again, once.

    Args:
        mixture: path or float array. An audio file, or samples in [-1, 1] of shape `(time,)` or
            `(time, channels)`; mono or stereo.
        sample_rate: int. Sample rate of an array, in Hz. Defaults to `None`: that of the file.

    Attributes:
        name: str. The file's name without its suffix, or `mixture`.
        sample_rate: int. In Hz.
        channels: int. One or two.
        length: int. In samples.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: the samples of an array are not float.
        ValueError: the file is not audio; the sound is empty, not finite, or has more than two
            channels.

    Example:

    >>> song = sm.audio.BlockStream(np.arange(5.0), sample_rate=8000)
    >>> [block[:, 0].tolist() for block in song.blocks(3)]
    [[0.0, 1.0, 2.0], [3.0, 4.0]]
    >>> song.take(4)[:, 0].tolist(), song.take(4)[:, 0].tolist()
    ([0.0, 1.0, 2.0, 3.0], [4.0])
    """

    def __init__(self, mixture: str | os.PathLike | np.ndarray, sample_rate: int | None = None):
        if isinstance(mixture, str | os.PathLike):
            found, self.channels, self.length = reading.info(mixture)
            rule = f"{mixture} has a sample rate of {found} Hz; leave sample_rate out for a file"
            _checks.require(sample_rate in (None, found), rule, sample_rate=sample_rate)
            self.sample_rate, self.name, origin = found, Path(mixture).stem, mixture
            self._read = partial(reading.read_blocks, mixture)
        else:
            samples = _checks.sound("mixture", mixture, mono=True).astype("float32", copy=False)
            rule = "an array needs its sample_rate, in Hz, such as sample_rate=44100"
            _checks.require(sample_rate is not None, rule, sample_rate=sample_rate)
            self.length, self.channels = samples.shape
            self.sample_rate = sample_rate  # type: ignore[assignment] # not None: see the rule
            self.name = origin = "mixture"
            self._read = partial(_pieces, samples)
        if self.channels > 2:
            remedy = "mix it down to one or two (an array is (time, channels))"
            raise AudioError(f"{origin} has {self.channels} channels; {remedy}")
        self._kept: deque[np.ndarray] = deque()

    def blocks(self, size: int) -> Iterator[np.ndarray]:
        """Yield the song from start to end, `size` samples at a time."""
        for block in self._read(size):
            self._kept.append(block)
            yield block

    def take(self, count: int) -> np.ndarray:
        """Return the next `count` samples that `blocks` has read, or as many as it has read."""
        taken = [np.zeros((0, self.channels), "float32")]
        while count and self._kept:
            block = self._kept.popleft()
            if len(block) > count:
                self._kept.appendleft(block[count:])
            taken.append(block[:count])
            count -= len(taken[-1])
        return np.concatenate(taken)


def prefetch(blocks: Iterable, count: int = 2) -> Iterator:
    """Yield the same blocks, and let a thread prepare the next ones in the meantime.

    Reading, computing and writing release Python's lock for most of their time, so they overlap.

    Args:
        blocks: iterable.
        count: int. Largest number of blocks that are prepared in advance. Defaults to `2`.

    Yields:
        The items of `blocks`. An error that `blocks` raises is raised here.
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


def resample_blocks(
    blocks: Iterable[np.ndarray], from_rate: int, to_rate: int
) -> Iterator[np.ndarray]:
    """Resample a stream of blocks; together they equal `resample` of the whole.

    Args:
        blocks: iterable of arrays `(time, ...)`, at least one.
        from_rate: int. Sample rate of the blocks, in Hz.
        to_rate: int. Sample rate of the result, in Hz.

    Yields:
        Arrays `(time, ...)` of any length; some may be empty.
    """
    if from_rate == to_rate:
        yield from blocks
        return
    blocks = iter(blocks)
    first = next(blocks)
    shape, channels = first.shape[1:], math.prod(first.shape[1:])
    resampler = resampling.Resampler(from_rate, to_rate, channels)
    for block in itertools.chain([first], blocks):
        yield resampler.push(block.reshape(len(block), channels)).reshape(-1, *shape)
    yield resampler.push(np.zeros((0, channels)), last=True).reshape(-1, *shape)


def _pieces(samples, size):
    return (samples[start : start + size] for start in range(0, len(samples), size))
