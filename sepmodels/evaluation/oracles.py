"""Oracles: separation with masks and filters that are computed from the true stems."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sepmodels.evaluation.metrics.signals import Stems, check_signals
from sepmodels.signal.complex_stft import invert, transform
from sepmodels.signal.masks import compute_binary_masks, compute_ratio_masks
from sepmodels.signal.wiener import filter_spectrum

N_FFT = 2048  # half overlapping Hann frames, as in the oracles of SiSEC
_TINY, _EPSILON = np.finfo("float32").tiny, np.finfo("float32").eps


def apply_ratio_mask(references: Stems, mixture: np.ndarray, power: float = 2) -> dict:
    """Filter the mixture with the ideal ratio mask of each source: the ceiling of masking.

    At every time and frequency a source gets the share of the mixture that its power has in the
    sum of all powers. A method that scales the bins of a spectrogram and keeps the mixture's phase
    cannot be expected to do much better; a network that estimates waveforms may.

    Args:
        references: dict. Source name to true stem, `(time, channels)`.
        mixture: array `(time, channels)`. What is filtered.
        power: float. Of the magnitudes: `2` is SiSEC's IRM2, `1` its IRM1. Defaults to `2`.

    Returns:
        dict. The same names to arrays of the same shape.

    Example:

    >>> quiet, loud = np.zeros((4096, 1)), np.sin(np.arange(4096.0))[:, None]
    >>> truth = {"vocals": quiet, "accompaniment": loud}
    >>> stems = sm.evaluation.oracles.apply_ratio_mask(truth, loud)
    >>> bool(np.allclose(stems["accompaniment"], loud, atol=1e-5)), float(stems["vocals"].max())
    (True, 0.0)

    Reference:

    - Liutkus and Badeau (2015), "Generalized Wiener filtering with fractional power spectrograms".
    """
    return _apply_masks(references, mixture, partial(compute_ratio_masks, power=power))


def apply_binary_mask(references: Stems, mixture: np.ndarray) -> dict[str, np.ndarray]:
    """Filter the mixture with ideal binary masks: each bin goes to its loudest source.

    Args:
        references: dict. Source name to true stem, `(time, channels)`.
        mixture: array `(time, channels)`. What is filtered.

    Returns:
        dict. The same names to arrays of the same shape; they sum to the mixture. (SiSEC's IBM
        compares each source with the mixture instead, so a bin may go to several or to none.)

    Example:

    >>> quiet, loud = 0.1 * np.ones((4096, 1)), np.ones((4096, 1))
    >>> truth = {"vocals": quiet, "accompaniment": loud}
    >>> stems = sm.evaluation.oracles.apply_binary_mask(truth, quiet + loud)
    >>> stems["accompaniment"][2000].round(3), stems["vocals"][2000]
    (array([1.1], dtype=float32), array([0.], dtype=float32))

    Reference:

    - Wang (2005), "On Ideal Binary Mask As the Computational Goal of Auditory Scene Analysis".
    """
    return _apply_masks(references, mixture, compute_binary_masks)


def apply_multichannel_wiener(references: Stems, mixture: np.ndarray) -> dict[str, np.ndarray]:
    """Filter the mixture with the ideal multichannel Wiener filter: SiSEC's MWF.

    A source is described by its power at every time and frequency and by one covariance between
    the channels for each frequency, both measured on the true stem. With one channel this is
    `apply_ratio_mask`.

    Args:
        references: dict. Source name to true stem, `(time, channels)`.
        mixture: array `(time, channels)`. What is filtered.

    Returns:
        dict. The same names to arrays of the same shape.

    Example:

    >>> left, right = np.random.default_rng(0).normal(size=(2, 9000, 1))
    >>> truth = {"left": left * [1, 0], "right": right * [0, 1]}
    >>> mixture = truth["left"] + truth["right"]
    >>> stems = sm.evaluation.oracles.apply_multichannel_wiener(truth, mixture)
    >>> sm.metrics.sdr(truth["left"], stems["left"]) > 50  # their positions alone distinguish them
    True

    Reference:

    - Duong, Vincent and Gribonval (2010), "Under-Determined Reverberant Audio Source Separation
      Using a Full-Rank Spatial Covariance Model".
    """
    _check(references, mixture)
    models = [_measure(_transform(stem)) for stem in references.values()]
    stems = filter_spectrum(_transform(mixture), *zip(*models, strict=True))
    return {name: _invert(stem, len(mixture)) for name, stem in zip(references, stems, strict=True)}


# The ceilings of `evaluate`, under the names of SiSEC.
ORACLES: dict[str, Callable] = {
    "IBM": apply_binary_mask,
    "IRM1": partial(apply_ratio_mask, power=1),
    "IRM2": apply_ratio_mask,
    "MWF": apply_multichannel_wiener,
}


def _check(references, mixture):
    named = {f"references[{name!r}]": stem for name, stem in references.items()}
    check_signals({**named, "mixture": mixture}, mono=False)


def _apply_masks(references, mixture, compute_masks):
    _check(references, mixture)
    stems = {name: np.empty(mixture.shape, "float32") for name in references}
    for channel in range(mixture.shape[1]):  # one at a time, for the memory of a whole song
        one = slice(channel, channel + 1)
        magnitudes = [np.abs(_transform(stem[:, one])) for stem in references.values()]
        masks, spectrum = compute_masks(np.stack(magnitudes)), _transform(mixture[:, one])
        for stem, mask in zip(stems.values(), masks, strict=True):
            stem[:, one] = _invert(mask * spectrum, len(mixture))
    return stems


def _measure(spectrum):
    """The power `(bins, frames)` and the spatial covariance of one source, by frequency."""
    channels = len(spectrum)
    power = np.maximum(np.mean(np.abs(spectrum) ** 2, axis=0), _TINY)
    covariance = np.einsum("aft,bft->fab", spectrum / power, spectrum.conj())
    trace = np.maximum(np.trace(covariance, axis1=1, axis2=2).real, _TINY)
    covariance = channels * covariance / trace[:, None, None] + _EPSILON * np.eye(channels)
    whitened = np.einsum("fab,bft->aft", np.linalg.inv(covariance), spectrum)
    power = np.einsum("aft,aft->ft", spectrum.conj(), whitened).real / channels
    return np.maximum(power, _TINY), covariance


def _transform(samples):
    """`(time, channels)` to `(channels, bins, frames)`."""
    return transform(samples.T, N_FFT, N_FFT // 2)


def _invert(spectrum, length):
    return invert(spectrum, length, N_FFT // 2).T
