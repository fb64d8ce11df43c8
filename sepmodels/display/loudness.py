"""Integrated loudness, as broadcasting measures it."""

import numpy as np
from scipy import signal

from sepmodels import _checks

BLOCK, STEP = 0.4, 0.1  # seconds
SILENCE = -70.0  # LUFS: fainter blocks count as silence
RELATIVE = -10.0  # dB: blocks fainter than the mean by more than this count as pauses


def measure_loudness(samples: np.ndarray, sample_rate: int) -> float:
    """Measure integrated loudness in LUFS, without pauses; minus infinity for silence.

    Args:
        samples: array `(time, channels)`, mono or stereo.
        sample_rate: int. In Hz, 4000 or more.

    Returns:
        float.

    Raises:
        ValueError: if the sample rate is too low for the weighting filter.

    Example:

    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, None]
    >>> round(sm.display.measure_loudness(tone, 48000), 2)
    -3.01

    Reference:

    - ITU-R BS.1770-5, annex 1, with the filters designed anew for each sample rate.
    """
    rule = "sample_rate must be 4000 Hz or more; resample the sound"
    _checks.require(sample_rate >= 4000, rule, sample_rate=sample_rate)
    samples = _checks.sound("samples", samples).astype("float64")
    weighted = signal.sosfilt(_design_weighting(sample_rate), samples, axis=0)
    size, step = round(BLOCK * sample_rate), round(STEP * sample_rate)
    energy = np.concatenate([[0.0], np.cumsum(np.sum(weighted**2, axis=1))])
    starts = np.arange(0, max(1, len(weighted) - size + 1), step)  # a short sound is one block
    ends = np.minimum(starts + size, len(weighted))
    power = np.maximum((energy[ends] - energy[starts]) / (ends - starts), 0)
    power = power[_to_lufs(power) > SILENCE]
    if not len(power):
        return -np.inf
    loud = power[_to_lufs(power) > _to_lufs(power.mean()) + RELATIVE]
    return float(_to_lufs(loud.mean()))


def _to_lufs(power):
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-30))


def _design_weighting(sample_rate):
    """Second-order sections: a shelf of 4 dB for the head, a high pass at 38 Hz for the ear."""
    k, q = np.tan(np.pi * 1681.9745 / sample_rate), 0.70717524  # a shelf, bilinear
    high, middle = 10 ** (3.9998439 / 20), 10 ** (1.9985871 / 20)
    poles = np.array([1 + k / q + k**2, 2 * (k**2 - 1), 1 - k / q + k**2])
    zeros = [high + middle * k / q + k**2, 2 * (k**2 - high), high - middle * k / q + k**2]
    shelf = [*zeros / poles[0], *poles / poles[0]]
    k, q = np.tan(np.pi * 38.135471 / sample_rate), 0.50032704
    poles = np.array([1 + k / q + k**2, 2 * (k**2 - 1), 1 - k / q + k**2])
    return np.array([shelf, [1, -2, 1, *poles / poles[0]]])  # the standard leaves 1, -2, 1 unscaled
