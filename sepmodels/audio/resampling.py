"""Change the sample rate of a whole sound or block by block."""

import numpy as np
import soxr

from sepmodels import _checks


def resample(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Resample to another sample rate with the filter that librosa calls `soxr_hq`.

    Args:
        samples: array `(time, channels)`.
        from_rate: int. Sample rate of `samples`, in Hz.
        to_rate: int. Sample rate of the result, in Hz.

    Returns:
        float32 `(ceil(time * to_rate / from_rate), channels)`.

    Raises:
        TypeError: the samples are not float.
        ValueError: a rate is not a whole number of Hz above 0, or the samples are not finite.

    Example:

    >>> sm.audio.resample(np.zeros((44101, 2)), 44100, 16000).shape
    (16001, 2)
    """
    samples = _checks.sound("samples", samples, empty=True).astype("float32", copy=False)
    length = compute_resampled_length(len(samples), from_rate, to_rate)
    if from_rate == to_rate or not len(samples):
        return samples
    return _fit(soxr.resample(samples, from_rate, to_rate, "HQ"), length)


class Resampler:
    """`resample` for a stream: the blocks returned together equal `resample` of the whole.

    Args:
        from_rate: int. Sample rate of the blocks pushed, in Hz.
        to_rate: int. Sample rate of the blocks returned, in Hz.
        channels: int. Number of channels.

    Example:

    >>> resampler = sm.audio.Resampler(16000, 8000, channels=1)
    >>> halves = [resampler.push(np.zeros((501, 1))), resampler.push(np.zeros((500, 1)), last=True)]
    >>> len(np.concatenate(halves))
    501
    """

    def __init__(self, from_rate: int, to_rate: int, channels: int):
        compute_resampled_length(0, from_rate, to_rate)
        self.from_rate = from_rate
        self.to_rate = to_rate
        self.channels = channels
        self._stream = soxr.ResampleStream(from_rate, to_rate, channels, "float32", "HQ")
        self._pushed = 0
        self._returned = 0

    def push(self, block: np.ndarray, last: bool = False) -> np.ndarray:
        """Take a block `(time, channels)` and return the samples that are complete."""
        block = _checks.sound("block", block, self.channels, empty=True)
        block = np.ascontiguousarray(block, "float32")
        self._pushed += len(block)
        if self.from_rate == self.to_rate:
            return block
        ready = self._stream.resample_chunk(block, last=last)
        if last:
            total = compute_resampled_length(self._pushed, self.from_rate, self.to_rate)
            ready = _fit(ready, total - self._returned)
        self._returned += len(ready)
        return ready


def compute_resampled_length(length: int, from_rate: int, to_rate: int) -> int:
    """Return the length after resampling: `ceil(length * to_rate / from_rate)`."""
    for name, rate in (("from_rate", from_rate), ("to_rate", to_rate)):
        is_whole = rate >= 1 and rate == int(rate)
        _checks.require(is_whole, f"{name} must be a whole number of Hz", **{name: rate})
    return -(-length * int(to_rate) // int(from_rate))


def _fit(samples, length):
    return np.pad(samples, ((0, max(0, length - len(samples))), (0, 0)))[:length]
