"""SDR and SI-SDR: the energy of the reference over that of the error."""

import numpy as np

from sepmodels.evaluation.metrics.signals import check_pair, is_silent, split_windows, to_decibels


def sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Compute the signal-to-distortion ratio: the energy of the reference over that of the error.

    Channels are summed before the ratio is taken. This is the SDR of BSSEval v4 in its image mode,
    whose distortion filters only divide the error among ISR, SIR and SAR. A wrong gain counts as
    an error.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.

    Returns:
        float. In dB; infinite for a perfect estimate, NaN where either is silent.

    Raises:
        ValueError: if the shapes differ, or a sample is not finite.

    Example:

    >>> tone = np.sin(np.arange(8000) / 20)
    >>> round(sm.metrics.sdr(tone, 0.9 * tone), 6)
    20.0

    Reference:

    - Stöter, Liutkus and Ito (2018), "The 2018 Signal Separation Evaluation Campaign", section 4.
    """
    return _sdr(*check_pair(reference, estimate))


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Compute scale-invariant SDR: the ratio after the reference is scaled to fit the estimate.

    One scale is fitted over all channels, so gain does not matter but balance does. The mean is
    not removed.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.

    Returns:
        float. In dB; minus infinity if the two have nothing in common, NaN where either is silent.

    Raises:
        ValueError: if the shapes differ, or a sample is not finite.

    Example:

    >>> t = np.arange(8000) / 8000
    >>> tone, hiss = np.sin(2 * np.pi * 100 * t), 0.1 * np.cos(2 * np.pi * 100 * t)
    >>> round(sm.metrics.si_sdr(tone, 5 * (tone + hiss)), 6)
    20.0

    Reference:

    - Le Roux, Wisdom, Erdogan and Hershey (2019), "SDR - half-baked or well done?", equation 3.
    """
    reference, estimate = check_pair(reference, estimate)
    if is_silent(reference) or is_silent(estimate):
        return float("nan")
    reference, estimate = np.float64(reference), np.float64(estimate)
    target = reference * (np.sum(estimate * reference) / np.sum(reference**2))
    return float(to_decibels(np.sum(target**2), np.sum((estimate - target) ** 2)))


def sdr_per_window(
    reference: np.ndarray,
    estimate: np.ndarray,
    sample_rate: int,
    window: float = 1.0,
    hop: float = 1.0,
) -> np.ndarray:
    """Compute `sdr` of each window: the score of SiSEC 2018 and of museval, without museval.

    Papers on MUSDB18 report its `nanmedian` over the windows of a song.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.
        sample_rate: int. In Hz.
        window: float. Length of a window, in seconds. Defaults to `1.0`.
        hop: float. From one window to the next, in seconds. Defaults to `1.0`.

    Returns:
        array `(windows,)`. In dB, NaN where either signal is silent. museval returns NaN for *all*
        sources where *any* is silent; `bss_eval` and `evaluate` do so too.

    Raises:
        ValueError: if the shapes differ, a sample is not finite, or a window is below one sample.

    Example:

    >>> tone = np.sin(np.arange(20000) / 20)
    >>> sm.metrics.sdr_per_window(tone, 0.9 * tone, 8000).round(6)
    array([20., 20.])
    """
    reference, estimate = check_pair(reference, estimate)
    pieces = split_windows(len(reference), sample_rate, window, hop)
    error = np.empty(reference[pieces[0]].shape)  # for one window after the other
    return np.array([_sdr(reference[piece], estimate[piece], error) for piece in pieces])


def _sdr(reference, estimate, error=None):
    if is_silent(reference) or is_silent(estimate):
        return float("nan")
    error = np.subtract(estimate, reference, out=error, dtype="float64")
    signals = reference.ravel(), error.ravel()
    return float(to_decibels(*(np.einsum("i,i->", x, x, dtype="float64") for x in signals)))
