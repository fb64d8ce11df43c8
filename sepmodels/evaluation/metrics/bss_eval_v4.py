"""BSSEval v4, the scores of SiSEC 2018: museval as the reference, and an equal, faster path."""

from collections.abc import Sequence

import numpy as np

from sepmodels import _checks
from sepmodels.evaluation.metrics.projection import compute_ratios, project
from sepmodels.evaluation.metrics.ratios import sdr_per_window
from sepmodels.evaluation.metrics.signals import Stems, check_sources, is_silent, split_windows

SCORES = ("SDR", "ISR", "SIR", "SAR")


def bss_eval(
    references: Stems,
    estimates: Stems,
    sample_rate: int,
    window: float = 1.0,
    hop: float = 1.0,
    *,
    measures: Sequence[str] = SCORES,
    method: str = "fast",
) -> dict[str, dict[str, np.ndarray]]:
    """Compute BSSEval v4: SDR, ISR, SIR and SAR of each source and window.

    Filters of 512 taps, found once for the whole song, divide the error of an estimate: the part
    that a filter of the source itself explains is spatial distortion (ISR), the part that filters
    of the other sources explain in addition is interference (SIR), the rest is artifacts (SAR).
    SDR needs no filters and alone is 20 times faster.

    Silence: where any reference or estimate is silent, all sources are NaN in that window. A source
    that is silent throughout, which makes museval raise, is therefore NaN throughout.

    Where the references leave a band empty (as lossy codecs do), depend on one another (as pure
    tones and equal channels do), or an estimate is an exact filtering of them, the filters are not
    unique, and ISR, SIR or SAR depend on rounding: museval's own numbers then change when the
    samples are scaled by one part in ten million. Otherwise both methods agree to 0.001 dB.

    Args:
        references: dict. Source name to true stem, `(time, channels)`; at least two sources.
        estimates: dict. The same names to separated stems of the same shape.
        sample_rate: int. In Hz.
        window: float. In seconds. Defaults to `1.0`.
        hop: float. In seconds. Defaults to `1.0`.
        measures: sequence of str. Which of `SCORES`. Defaults to all four.
        method: str. `"fast"`, or `"museval"`: the reference, at least 10 times slower. Defaults to
            `"fast"`.

    Returns:
        dict. Source name to a dict with the measures as keys, each an array `(windows,)` in dB.

    Raises:
        ImportError: with `"museval"`, if it is not installed, or ffmpeg and ffprobe are not on
            PATH.
        ValueError: if there are fewer than two sources, or names or shapes differ.

    Example:

    >>> voice, band = (np.random.default_rng(i).normal(size=(16000, 1)) for i in (0, 1))
    >>> truth = {"vocals": voice, "accompaniment": band}
    >>> guess = {"vocals": voice + 0.1 * band, "accompaniment": band}
    >>> scores = sm.metrics.bss_eval(truth, guess, sample_rate=8000)
    >>> scores["vocals"]["SIR"].round().tolist()
    [20.0, 20.0]

    Reference:

    - Stöter, Liutkus and Ito (2018), "The 2018 Signal Separation Evaluation Campaign", section 4.
    - Vincent, Gribonval and Févotte (2006), "Performance Measurement in Blind Audio Source
      Separation", sections III and IV.
    """
    _checks.one_of(method=(method, ("fast", "museval")))
    known = set(measures) <= set(SCORES)
    _checks.require(known, f"measures must be from {SCORES}", measures=measures)
    truths, guesses = check_sources(references, estimates)
    pieces = split_windows(len(truths[0]), sample_rate, window, hop)
    quiet = [any(is_silent(x[piece]) for x in (*truths, *guesses)) for piece in pieces]
    values = np.full((len(SCORES), len(truths), len(pieces)), np.nan)
    if any(map(is_silent, (*truths, *guesses))):  # museval would raise
        pass
    elif method == "museval":
        sides = (np.stack(truths), np.stack(guesses))
        sizes = {"window": int(window * sample_rate), "hop": int(hop * sample_rate)}
        _checks.installed("museval", 'method="fast"')
        import museval

        values = np.array(museval.metrics.bss_eval(*sides, **sizes)[: len(SCORES)])
    elif set(measures) == {"SDR"}:
        for i, pair in enumerate(zip(truths, guesses, strict=True)):
            values[0, i] = sdr_per_window(*pair, sample_rate, window, hop)
        values[:, :, quiet] = np.nan
    else:
        scored = [i for i, silent in enumerate(quiet) if not silent]
        values[:, :, scored] = _compute(truths, guesses, [pieces[i] for i in scored])
    return {
        name: {measure: values[SCORES.index(measure), i] for measure in measures}
        for i, name in enumerate(references)
    }


def _compute(references, estimates, pieces):
    """Compute the scores of some windows, `(4, sources, windows)`."""
    values = np.empty((len(SCORES), len(references), len(pieces)))
    for i, (truth, guess, own, every) in enumerate(project(references, estimates, pieces)):
        pairs = (
            (truth, guess - truth),
            (truth, own - truth),
            (own, every - own),
            (every, guess - every),
        )
        values[:, :, i] = compute_ratios(pairs, len(references))
    return values
