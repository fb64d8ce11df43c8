"""NSDR, SIR and SAR as the tables of MIR-1K and iKala have them: BSSEval v3, for mono clips."""

from collections.abc import Sequence

import numpy as np

from sepmodels import _checks
from sepmodels.evaluation.metrics.projection import compute_ratios, project
from sepmodels.evaluation.metrics.signals import Stems, check_sources, is_silent


def nsdr(references: Stems, estimates: Stems, mixture: np.ndarray) -> dict[str, dict]:
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
    truths, guesses, mixture = check_sources(references, estimates, mixture=mixture)
    rule = "BSSEval v3 is for mono clips: score one channel, or use sm.metrics.bss_eval"
    _checks.require(mixture.size == len(mixture), rule, shape=mixture.shape)
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


def gnsdr(nsdrs: Sequence[float], lengths: Sequence[float]) -> float:
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
    shapes = nsdrs.shape, lengths.shape
    fits = shapes[0] == shapes[1] and nsdrs.ndim == 1
    _checks.require(fits, "nsdrs and lengths must be equally long lists", shapes=shapes)
    scored = ~np.isnan(nsdrs)
    if not scored.any():
        return float("nan")
    return float(np.average(nsdrs[scored], weights=lengths[scored]))


def _bss_eval_sources(references, estimates):
    """SDR, SIR and SAR, an array each; the target is a filtered version of the source itself."""
    clip = slice(0, len(references[0]))
    ((_, guess, own, every),) = project(references, estimates, [clip])
    pairs = (own, guess - own), (own, every - own), (every, guess - every)
    return compute_ratios(pairs, len(references))
