"""Filters that make estimates agree with the mixture, and with each other, over its channels."""

import numpy as np
from scipy.signal import istft, stft

_LEAST = 1e-6  # of a covariance, what is added to its diagonal so that it can be inverted


def apply_shared_masks(estimates, mixture, n_fft=1024):
    """Filter both channels of a mixture with the masks of a mono estimate.

    At every time and frequency a source gets the share of the mixture that its magnitude has in
    the sum of all magnitudes, in each channel the same share. So what sounds from the left still
    does, and the stems sum to the mixture.

    Args:
        estimates: array `(time, sources, 1)`. Of the mean of the mixture's channels.
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
    levels = np.abs(_spectrum(estimates, n_fft)) + np.finfo("float32").tiny
    masks = levels / levels.sum(axis=1, keepdims=True)  # (bins, sources, 1, frames)
    return _samples(masks * _spectrum(mixture, n_fft)[:, None], n_fft, len(mixture))


def apply_multichannel_wiener(estimates, mixture, iterations=1, n_fft=1024):
    """Filter a mixture by what its estimates say of power and place of every source.

    Each source has a power at every time and frequency, and a covariance between the channels at
    every frequency. The filter that both define is applied to the mixture, and gives the stems
    from which the next iteration measures both anew. The stems sum to the mixture. With one
    channel a source gets the share that its power has in the sum of all powers.

    Args:
        estimates: array `(time, sources, channels)`. All sources.
        mixture: array `(time, channels)`.
        iterations: int. Of expectation and maximisation. Defaults to `1`.
        n_fft: int. Length of a frame, in samples. Defaults to `1024`.

    Returns:
        float32 array `(time, sources, channels)`.

    Example:

    >>> mixture, leak = np.random.default_rng(0).normal(size=(2, 8000, 2))
    >>> estimates = np.stack([0.9 * mixture, 0.1 * mixture + 0.2 * leak], axis=1)
    >>> stems = sm.signal.apply_multichannel_wiener(estimates, mixture)
    >>> stems.shape, bool(np.allclose(stems.sum(axis=1), mixture, atol=1e-3))
    ((8000, 2, 2), True)

    Reference:

    - Nugraha, Liutkus and Vincent (2016), section III. "Multichannel Audio Source Separation With
      Deep Neural Networks".
    """
    heard = _spectrum(mixture, n_fft)  # (bins, channels, frames)
    stems = _spectrum(estimates, n_fft)  # (bins, sources, channels, frames)
    tiny, one = np.finfo("float32").tiny, np.eye(mixture.shape[1], dtype="float32")
    for _ in range(iterations):
        power = np.mean(np.abs(stems) ** 2, axis=2) + tiny  # (bins, sources, frames)
        place = stems @ stems.conj().swapaxes(2, 3) / power.sum(axis=2)[..., None, None]
        total = np.einsum("fst,fsab->ftab", power, place)
        level = np.trace(total, axis1=2, axis2=3).real / mixture.shape[1]
        total += (_LEAST * level + tiny)[..., None, None] * one
        inverse = np.linalg.solve(total, heard.swapaxes(1, 2)[..., None])[..., 0]
        stems = power[:, :, None] * np.einsum("fsab,ftb->fsat", place, inverse)
    return _samples(stems, n_fft, len(mixture))


def _spectrum(samples, n_fft):
    """`(time, ...)` to `(bins, ..., frames)`."""
    samples = np.moveaxis(np.asarray(samples, "float32"), 0, -1)
    short = max(0, n_fft - samples.shape[-1])
    samples = np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, short)])
    return np.moveaxis(stft(samples, nperseg=n_fft, noverlap=n_fft * 3 // 4)[2], -2, 0)


def _samples(spectrum, n_fft, length):
    """Inverse of `_spectrum`."""
    samples = istft(np.moveaxis(spectrum, 0, -2), nperseg=n_fft, noverlap=n_fft * 3 // 4)[1]
    return np.moveaxis(samples[..., :length], -1, 0).astype("float32")
