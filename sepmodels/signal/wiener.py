"""The multichannel Wiener filter: sources by their power and their spatial covariance."""

import numpy as np

from sepmodels import _checks
from sepmodels.signal.complex_stft import invert, transform

_LOADING = 1e-6  # of the mean power of a covariance, added to its diagonal before the inversion
_TINY = np.finfo("float32").tiny


def filter_spectrum(mixture, powers, covariances, loading=0.0):
    """Filter the spectrum of a mixture by the power and the spatial covariance of each source.

    Args:
        mixture: complex array `(channels, bins, frames)`.
        powers: sequence of arrays `(bins, frames)`. Power of each source.
        covariances: sequence of arrays `(bins, channels, channels)`. Covariance of each source
            between the channels, for a power of 1.
        loading: float. Share of the mean power of all channels that is added to the diagonal of
            the mixture's covariance, so that it can be inverted. Defaults to `0.0`.

    Yields:
        complex arrays `(channels, bins, frames)`, one for each source.
    """
    channels = len(mixture)
    total = sum(
        power[..., None, None] * covariance[:, None]
        for power, covariance in zip(powers, covariances, strict=True)
    )  # (bins, frames, channels, channels)
    mean = np.trace(total, axis1=2, axis2=3).real / channels
    total = total + (loading * mean + _TINY)[..., None, None] * np.eye(channels, dtype="float32")
    # The mixture times the inverse of its covariance: what all sources are estimated from.
    whitened = np.linalg.solve(total, mixture.transpose(1, 2, 0)[..., None])[..., 0]
    for power, covariance in zip(powers, covariances, strict=True):
        yield power * np.einsum("fab,ftb->aft", covariance, whitened)


def apply_multichannel_wiener(
    estimates: np.ndarray, mixture: np.ndarray, iterations: int = 1, n_fft: int = 1024
) -> np.ndarray:
    """Filter a mixture by the powers and the spatial covariances of its estimates.

    Each source has a power at every time and frequency, and a covariance between the channels at
    every frequency. The filter that they define is applied to the mixture, and yields the stems
    on which the next iteration measures both again. The stems sum to the mixture. With one
    channel a source gets the share that its power has in the sum of all powers.

    Args:
        estimates: array `(time, sources, channels)`. All sources.
        mixture: array `(time, channels)`.
        iterations: int. Iterations of the EM algorithm (expectation and maximisation). Defaults
            to `1`.
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
    _checks.sound("mixture", mixture)
    _checks.sound("estimates", np.reshape(estimates, (-1, 1)))
    spectrum = transform(mixture.T, n_fft, n_fft // 4)
    stems = transform(np.moveaxis(estimates, 0, -1), n_fft, n_fft // 4)
    for _ in range(iterations):
        powers = np.mean(np.abs(stems) ** 2, axis=1) + _TINY  # (sources, bins, frames)
        by_bin = stems.swapaxes(1, 2)  # (sources, bins, channels, frames)
        covariances = by_bin @ by_bin.conj().swapaxes(2, 3) / powers.sum(axis=2)[..., None, None]
        stems = np.stack(list(filter_spectrum(spectrum, powers, covariances, _LOADING)))
    return np.moveaxis(invert(stems, len(mixture), n_fft // 4), -1, 0)
