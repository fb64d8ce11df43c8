"""NSDR, SIR and SAR as the tables of MIR-1K and iKala have them: BSSEval v3, for mono clips."""

import numpy as np
from scipy import fft

from sepmodels.evaluation.metrics.projection import (
    choose_fft_size,
    compute_spectra,
    correlate,
    find_filters,
    sum_energies,
)
from sepmodels.evaluation.metrics.signals import check_pair, check_sources, is_silent, to_decibels


def nsdr(references, estimates, mixture):
    """Compute the normalised SDR of each source of a mono clip, with SDR, SIR and SAR.

    NSDR is the improvement of SDR over the mixture. The scores are those of BSSEval v3, not of
    museval: version 3 tolerates every filter of 512 taps, gains among them, so its SDR is higher,
    and takes one ratio over the whole clip. The numbers are those of `mir_eval.separation.
    bss_eval_sources` without permutation.

    Args:
        references: dict. Source name to true stem, `(time,)` or `(time, 1)`; two sources or more.
        estimates: dict. The same names to separated stems of the same shape.
        mixture: array of the same shape. What was separated.

    Returns:
        dict. Source name to a dict with the floats `"NSDR"`, `"SDR"`, `"SIR"` and `"SAR"`, in dB;
        all NaN if any signal is silent, which makes mir_eval raise.

    Raises:
        ValueError: if there are fewer than two sources, a signal is not mono, or shapes differ.

    Example:

    >>> voice, band = (np.random.default_rng(i).normal(size=8000) for i in (0, 1))
    >>> truth = {"vocals": voice, "accompaniment": band}
    >>> guess = {"vocals": 3 * (voice + 0.1 * band), "accompaniment": band}
    >>> round(sm.metrics.nsdr(truth, guess, voice + band)["vocals"]["NSDR"])
    20

    Reference:

    - Hsu and Jang (2010), "On the Improvement of Singing Voice Separation for Monaural Recordings
      Using the MIR-1K Dataset", section V.
    """
    truths, guesses = check_sources(references, estimates)
    _, mixture = check_pair(truths[0], mixture)
    if mixture.size != len(mixture):
        raise ValueError(
            "BSSEval v3 is for mono clips: score one channel or the mean of both, or use "
            f"sm.metrics.bss_eval. Received: shape {mixture.shape}"
        )
    names = ("NSDR", "SDR", "SIR", "SAR")
    if any(map(is_silent, (*truths, *guesses, mixture))):
        return {source: dict.fromkeys(names, float("nan")) for source in references}
    sdr, sir, sar = _bss_eval_sources(truths, guesses)
    floor, *_ = _bss_eval_sources(truths, [mixture] * len(truths))
    values = (sdr - floor, sdr, sir, sar)
    return {
        source: {name: float(value[i]) for name, value in zip(names, values, strict=True)}
        for i, source in enumerate(references)
    }


def gnsdr(nsdrs, lengths):
    """Compute global NSDR: the mean over clips, weighted by length. GSIR and GSAR alike.

    Args:
        nsdrs: sequence of float. A score per clip, in dB; clips without one (NaN) are left out.
        lengths: sequence. How long each clip is, in any unit.

    Returns:
        float. In dB; NaN if no clip has a score.

    Raises:
        ValueError: if there is not one length for each score.

    Example:

    >>> sm.metrics.gnsdr([10.0, 4.0, float("nan")], lengths=[1, 2, 7])
    6.0
    """
    nsdrs, lengths = np.asarray(nsdrs, "float64"), np.asarray(lengths, "float64")
    if nsdrs.shape != lengths.shape or nsdrs.ndim != 1:
        raise ValueError(
            f"nsdrs and lengths must be equally long lists. Received shapes {nsdrs.shape} and "
            f"{lengths.shape}."
        )
    scored = ~np.isnan(nsdrs)
    if not scored.any():
        return float("nan")
    return float(np.average(nsdrs[scored], weights=lengths[scored]))


def _bss_eval_sources(references, estimates):
    """SDR, SIR and SAR, an array each; the target is a filtered version of the source itself."""
    count, clip = len(references), slice(None)
    size = choose_fft_size(len(references[0]))
    correlation = correlate(references, estimates)
    truth, guess = compute_spectra(references, clip, size), compute_spectra(estimates, clip, size)
    by_all = fft.rfft(find_filters(correlation, slice(count), slice(count, None)), size, axis=1)
    by_all = np.einsum("rfc,rf->cf", by_all, truth)
    own = [
        find_filters(correlation, slice(i, i + 1), slice(count + i, count + i + 1))[0, :, 0]
        for i in range(count)
    ]
    target = fft.rfft(np.stack(own), size) * truth
    pairs = ((target, guess - target), (target, by_all - target), (by_all, guess - by_all))
    return [to_decibels(*(sum_energies(part, count) for part in pair)) for pair in pairs]
