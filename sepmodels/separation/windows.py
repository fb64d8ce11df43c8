"""Overlapping windows of a stream."""

from collections.abc import Iterable, Iterator

import numpy as np

from sepmodels import _checks


class Windows:
    """Cuts a stream of blocks into overlapping windows, and cross-fades them again.

    Windows start `step` samples apart. A model returns the `output` samples in the middle of the
    `size` samples of a window; the others are its context, with zeros outside the stream. Outputs
    are weighted with a trapezoid (a triangle if half a window or more overlaps) and divided by the
    sum of the weights, so unchanged windows are joined to the original stream.

    Args:
        size: int. Length of a window, in samples.
        output: int. Length of the output of a window, in samples, at most `size`.
        step: int. Distance from one window to the next, in samples, from 1 to `output`.

    Example:

    >>> windows = sm.separation.Windows(size=6, output=4, step=3)
    >>> stream = np.arange(8.0)[:, None]
    >>> cut = list(windows.cut([stream[:5], stream[5:]], channels=1))
    >>> [window[:, 0].tolist() for window in cut[:2]]
    [[0.0, 0.0, 1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]
    >>> joined = np.concatenate(list(windows.join(window[1:5] for window in cut)))
    >>> np.allclose(joined[:8], stream)
    True
    """

    def __init__(self, size: int, output: int, step: int) -> None:
        rule = "step must be at least 1, output at least step, size at least output"
        _checks.require(1 <= step <= output <= size, rule, size=size, output=output, step=step)
        self.size = size
        self.output = output
        self.step = step
        # Rises over the overlap with the previous window, falls over that with the next.
        slope = (np.arange(output) + 0.5) / max(1, output - step)
        self.weight = np.minimum(1.0, np.minimum(slope, slope[::-1])).astype("float32")

    def cut(self, blocks: Iterable[np.ndarray], channels: int) -> Iterator[np.ndarray]:
        """Yield the windows of a stream until their outputs cover it.

        Args:
            blocks: iterable of arrays `(time, channels)`, of any lengths.
            channels: int. Channels of the stream.

        Yields:
            Arrays `(size, channels)`.
        """
        kept = np.zeros(((self.size - self.output) // 2, channels), "float32")
        length, covered = 0, self.output - self.step
        for block in blocks:
            kept, start = np.concatenate([kept, block]), 0
            length += len(block)
            while len(kept) - start >= self.size:
                yield kept[start : start + self.size]
                covered += self.step
                start += self.step
            kept = kept[start:]
        while covered < max(length, self.output):
            yield np.pad(kept, ((0, self.size - len(kept)), (0, 0)))
            covered += self.step
            kept = kept[self.step :]

    def join(self, outputs: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the stream that the windows form, which is longer than the original by the padding.

        Args:
            outputs: iterable of arrays `(output, ...)`, in the order of `cut`.

        Yields:
            Arrays `(time, ...)`.
        """
        total = weights = None
        overlap = self.output - self.step
        for output in outputs:
            weight = self.weight.reshape(-1, *(1,) * (output.ndim - 1))
            if total is None:
                total, weights = np.zeros_like(output), np.zeros_like(weight)
            total += weight * output
            weights += weight
            yield total[: self.step] / weights[: self.step]
            for sums in (total, weights):
                sums[:overlap] = sums[self.step :].copy()
                sums[overlap:] = 0
        if overlap and total is not None and weights is not None:
            yield total[:overlap] / weights[:overlap]
