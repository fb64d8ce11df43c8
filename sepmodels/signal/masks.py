"""Masks: the share of every bin of a mixture's spectrum that belongs to each source."""

import numpy as np

from sepmodels import _checks
from sepmodels.signal.complex_stft import invert, transform

_TINY = np.finfo("float32").tiny


def compute_ratio_masks(magnitudes: np.ndarray, power: float = 2) -> np.ndarray:
    """Give each source the share of every bin that its power has in the sum of all powers.

    Args:
        magnitudes: array `(sources, ...)`. At least 0.
        power: float. Exponent of the magnitudes. Defaults to `2`.

    Returns:
        Array `(sources, ...)` in [0, 1]. It sums to 1 over the sources, or to 0 where all are
        silent.

    Example:

    >>> sm.signal.compute_ratio_masks(np.array([[3.0, 0.0], [1.0, 0.0]])).tolist()
    [[0.9, 0.0], [0.1, 0.0]]
    """
    powers = magnitudes**power
    return powers / np.maximum(powers.sum(axis=0), _TINY)


def compute_binary_masks(magnitudes: np.ndarray) -> np.ndarray:
    """Give every bin to the source with the largest magnitude, or to the first of several.

    Args:
        magnitudes: array `(sources, ...)`.

    Returns:
        bool array `(sources, ...)`.

    Example:

    >>> sm.signal.compute_binary_masks(np.array([[3.0, 0.0], [1.0, 2.0]])).tolist()
    [[True, False], [False, True]]
    """
    sources = np.arange(len(magnitudes)).reshape(-1, *[1] * (magnitudes.ndim - 1))
    return sources == np.argmax(magnitudes, axis=0)


def apply_shared_masks(estimates: np.ndarray, mixture: np.ndarray, n_fft: int = 1024) -> np.ndarray:
    """Filter all channels of a mixture with the ratio masks of mono estimates.

    Every channel is filtered with the same masks, so each source keeps its position between the
    channels, and the stems sum to the mixture.

    Args:
        estimates: array `(time, sources, 1)`. Estimates from the mean of the mixture's channels.
        mixture: array `(time, channels)`.
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.

    Returns:
        float32 array `(time, sources, channels)`.

    Example:

    >>> mixture = np.random.default_rng(0).normal(size=(4000, 2))
    >>> mono = mixture.mean(axis=1)[:, None, None] * [[[0.75], [0.25]]]
    >>> stems = sm.signal.apply_shared_masks(mono, mixture)
    >>> bool(np.allclose(stems[:, 0], 0.75 * mixture, atol=1e-5))
    True
    """
    _checks.sound("mixture", mixture)
    _checks.sound("estimates", np.reshape(estimates, (-1, 1)))
    estimates = np.moveaxis(estimates, 0, -1)  # (sources, 1, time)
    # Where all estimates are silent, equal shares keep the sum of the stems.
    magnitudes = np.abs(transform(estimates, n_fft, n_fft // 4)) + _TINY
    stems = compute_ratio_masks(magnitudes, 1) * transform(mixture.T, n_fft, n_fft // 4)
    return np.moveaxis(invert(stems, len(mixture), n_fft // 4), -1, 0)
