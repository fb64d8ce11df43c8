"""How loud a sound is to a listener: the integrated loudness of broadcasting."""

import numpy as np
from scipy import signal

BLOCK, STEP = 0.4, 0.1  # seconds
SILENCE = -70.0  # LUFS: what is fainter counts as silence
RELATIVE = -10.0  # dB: what is fainter than the rest by this much counts as a pause


def integrated(samples, sample_rate):
    """Loudness in LUFS, pauses left out; minus infinity for silence.

    Args:
        samples: array `(time, channels)`, mono or stereo.
        sample_rate: int. In Hz, 4000 or more.

    Returns:
        float.

    Raises:
        ValueError: if the sample rate leaves no room for the filter.

    Example:

    >>> from sepmodels.display import loudness
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, None]
    >>> round(loudness.integrated(tone, 48000), 2)
    -3.01

    Reference:

    - ITU-R BS.1770-5, annex 1, with the filters designed anew for each sample rate.
    """
    if sample_rate < 4000:
        raise ValueError(f"sample_rate must be 4000 Hz or more. Received {sample_rate}: resample.")
    heard = signal.sosfilt(_weighting(sample_rate), np.asarray(samples, "float64"), axis=0)
    size, step = round(BLOCK * sample_rate), round(STEP * sample_rate)
    energy = np.concatenate([[0.0], np.cumsum(np.sum(heard**2, axis=1))])
    starts = np.arange(0, max(1, len(heard) - size + 1), step)  # a short sound is one block
    ends = np.minimum(starts + size, len(heard))
    power = np.maximum((energy[ends] - energy[starts]) / (ends - starts), 0)
    power = power[_lufs(power) > SILENCE]
    if not len(power):
        return -np.inf
    loud = power[_lufs(power) > _lufs(power.mean()) + RELATIVE]
    return float(_lufs(loud.mean()))


def _lufs(power):
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-30))


def _weighting(sample_rate):
    """Second-order sections: the head adds 4 dB to treble, the ear loses what is below 40 Hz."""
    k, q = np.tan(np.pi * 1681.9745 / sample_rate), 0.70717524  # a shelf, bilinear
    high, middle = 10 ** (3.9998439 / 20), 10 ** (1.9985871 / 20)
    poles = np.array([1 + k / q + k**2, 2 * (k**2 - 1), 1 - k / q + k**2])
    zeros = [high + middle * k / q + k**2, 2 * (k**2 - high), high - middle * k / q + k**2]
    shelf = [*zeros / poles[0], *poles / poles[0]]
    k, q = np.tan(np.pi * 38.135471 / sample_rate), 0.50032704
    poles = np.array([1 + k / q + k**2, 2 * (k**2 - 1), 1 - k / q + k**2])
    return np.array([shelf, [1, -2, 1, *poles / poles[0]]])  # the standard leaves 1, -2, 1 unscaled
