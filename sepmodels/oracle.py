"""The ceiling: what a perfect mask would reach, were the true stems known."""

import numpy as np
from scipy.signal import istft, stft

N_FFT = 2048  # half overlapping Hann frames, as in the oracles of SiSEC


def ratio_mask(references, mixture):
    """The ceiling: filter the mixture with the ideal ratio mask of each source.

    At every time and frequency a source gets the share of the mixture that its power has in the
    sum of all powers. Nothing that scales the bins of a spectrogram and keeps the mixture's phase
    can be expected to do much better; a network that writes waveforms may.

    Args:
        references: dict. Source name to true stem, `(time, channels)`.
        mixture: array `(time, channels)`. What is filtered.

    Returns:
        dict. The same names to arrays of the same shape.

    Example:

    >>> quiet, loud = np.zeros((4096, 1)), np.sin(np.arange(4096.0))[:, None]
    >>> stems = sm.oracle.ratio_mask({"vocals": quiet, "accompaniment": loud}, loud)
    >>> bool(np.allclose(stems["accompaniment"], loud, atol=1e-5)), float(stems["vocals"].max())
    (True, 0.0)

    Reference:

    - Liutkus and Badeau (2015), "Generalized Wiener filtering with fractional power spectrograms".
    """
    stems = {name: np.empty(mixture.shape, "float32") for name in references}
    for channel in range(mixture.shape[1]):  # one at a time, for the memory of a whole song
        power = {name: np.abs(_stft(x[:, channel])) ** 2 for name, x in references.items()}
        total = np.maximum(sum(power.values()), np.finfo("float32").tiny)
        spectrum = _stft(mixture[:, channel])
        for name, share in power.items():
            _, samples = istft(share / total * spectrum, nperseg=N_FFT)
            stems[name][:, channel] = samples[: len(mixture)]
    return stems


def _stft(samples):
    # A clip shorter than one frame is padded; the inverse is cut to length anyway.
    padded = np.pad(samples.astype("float32"), (0, max(0, N_FFT - len(samples))))
    return stft(padded, nperseg=N_FFT)[2]
