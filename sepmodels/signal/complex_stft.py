"""The short-time Fourier transform of NumPy arrays, for filters that need no gradient.

It equals that of `spectra` up to a constant factor and needs less memory.
"""

import numpy as np
import scipy.signal


def transform(samples, n_fft, hop_length):
    """Transform the last axis of an array with a Hann window.

    Args:
        samples: array `(..., time)`.
        n_fft: int. Length of a frame, in samples.
        hop_length: int. Step between frames, in samples.

    Returns:
        complex64 array `(..., n_fft // 2 + 1, frames)`.
    """
    samples = np.asarray(samples, "float32")
    missing = max(0, n_fft - samples.shape[-1])  # SciPy shortens the frames of a short signal
    samples = np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, missing)])
    return scipy.signal.stft(samples, nperseg=n_fft, noverlap=n_fft - hop_length)[2]


def invert(spectrum, length, hop_length):
    """Return the first `length` samples of the inverse of `transform`, as float32."""
    n_fft = 2 * (spectrum.shape[-2] - 1)
    samples = scipy.signal.istft(spectrum, nperseg=n_fft, noverlap=n_fft - hop_length)[1]
    return samples[..., :length].astype("float32")
