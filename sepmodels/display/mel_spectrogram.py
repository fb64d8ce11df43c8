"""The matrix of every picture of a sound: magnitudes over mel frequency and time."""

import numpy as np

FRAME = 0.05  # seconds: long enough to resolve the harmonics of a voice


def compute_mel_spectrogram(samples, sample_rate, columns=800, rows=160, highest=None):
    """Compute magnitudes in dB, 0 for a sine at full scale, over mel frequency and time.

    However long the song, at most `columns` frames are transformed, so every picture costs the
    same.

    Args:
        samples: array `(time, channels)` or `(time,)`. Channels are averaged in power.
        sample_rate: int. In Hz.
        columns: int. Most frames to take. Defaults to `800`.
        rows: int. Frequencies, spaced evenly in mel from 0 Hz to `highest`. Defaults to `160`.
        highest: float. In Hz. Defaults to half the sample rate.

    Returns:
        array `(rows, columns)`, low frequencies first, no lower than -200 dB.

    Example:

    >>> from sepmodels.display.mel_spectrogram import compute_mel_spectrogram
    >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> float(compute_mel_spectrogram(tone, 8000).max().round())
    -20.0
    """
    import librosa

    samples = np.asarray(samples, "float32").reshape(len(samples), -1)
    n_fft = 2 ** round(np.log2(FRAME * sample_rate))
    hop = max(n_fft // 8, -(-len(samples) // columns))
    padded = np.pad(samples, [(n_fft // 2, n_fft), (0, 0)])
    window = np.hanning(n_fft + 1)[:-1]
    window /= window.sum() / 2  # a sine of amplitude 1 has a line of height 1
    power = np.zeros((n_fft // 2 + 1, -(-len(samples) // hop)))
    for column in range(power.shape[1]):
        frame = padded[column * hop : column * hop + n_fft] * window[:, None]
        power[:, column] = np.mean(np.abs(np.fft.rfft(frame, axis=0)) ** 2, axis=1)
    hertz = librosa.mel_frequencies(rows, fmin=0, fmax=highest or sample_rate / 2, htk=True)
    bins = hertz / (sample_rate / n_fft)
    below = np.minimum(bins.astype(int), n_fft // 2 - 1)
    weight = (bins - below)[:, None]
    interpolated = (1 - weight) * power[below] + weight * power[below + 1]
    return 10 * np.log10(np.maximum(interpolated, 1e-20))


def hz_to_mel(frequency):
    """Convert Hz to mel, a scale on which equal steps sound about equal."""
    import librosa

    return librosa.hz_to_mel(frequency, htk=True)
