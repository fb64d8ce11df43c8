"""The matrix behind every picture of a sound: levels over mel frequency and time."""

import numpy as np

FRAME = 0.05  # seconds: long enough to part the harmonics of a voice


def levels(samples, sample_rate, columns=800, rows=160, top=None):
    """Levels in dB, 0 for a sine at full scale, on a grid of mel frequency and time.

    However long the song, `columns` frames are looked at, so that a picture costs the same.

    Args:
        samples: array `(time, channels)` or `(time,)`. Channels are averaged in power.
        sample_rate: int. In Hz.
        columns: int. Most frames to take. Defaults to `800`.
        rows: int. Frequencies, spaced evenly in mel from 0 Hz to `top`. Defaults to `160`.
        top: float. Highest frequency, in Hz. Defaults to half the sample rate.

    Returns:
        array `(rows, columns)`, low frequencies first, no lower than -200 dB.

    Example:

    >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> from sepmodels.display.magnitudes import levels
    >>> float(levels(tone, 8000).max().round())
    -20.0
    """
    samples = np.asarray(samples, "float32").reshape(len(samples), -1)
    n_fft = 2 ** round(np.log2(FRAME * sample_rate))
    hop = max(n_fft // 8, -(-len(samples) // columns))
    padded = np.pad(samples, [(n_fft // 2, n_fft), (0, 0)])
    window = np.hanning(n_fft + 1)[:-1]
    power = np.zeros((n_fft // 2 + 1, -(-len(samples) // hop)))
    for column in range(power.shape[1]):
        frame = padded[column * hop : column * hop + n_fft] * window[:, None]
        # A sine of amplitude 1 has a line of height sum(window) / 2.
        spectrum = np.fft.rfft(frame, axis=0) / (window.sum() / 2)
        power[:, column] = np.mean(np.abs(spectrum) ** 2, axis=1)
    wanted = hertz(np.linspace(0, mel(top or sample_rate / 2), rows))
    bins = wanted / (sample_rate / n_fft)
    below = np.minimum(bins.astype(int), n_fft // 2 - 1)
    share = (bins - below)[:, None]
    blended = (1 - share) * power[below] + share * power[below + 1]
    return 10 * np.log10(np.maximum(blended, 1e-20))


def mel(frequency):
    """Hz to mel, the scale on which equal steps sound about equal."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def hertz(mels):
    """Mel to Hz."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)
