"""Scores of a separation, with a floor and a ceiling for comparison.

The floor is the score of the mixture in place of every stem; the ceiling is the score of the ideal
ratio mask of the true stems. A third score is that of the mixture at the gain that fits the true
stem best, which changes the volume only. Without these references a score in dB is hard to
interpret, because songs differ more than systems do.
"""

import numpy as np
import pandas as pd

from sepmodels import _checks
from sepmodels.evaluation import metrics, oracles
from sepmodels.evaluation.metrics.signals import Stems, check_sources

SYSTEMS = ("mixture", "gain", "estimate", "oracle")
RATIOS = {"SDR": metrics.sdr, "SI-SDR": metrics.si_sdr}
MEDIAN, WHOLE = "median of windows", "whole song"


def evaluate(
    estimates: Stems,
    references: Stems,
    sample_rate: int,
    *,
    mixture: np.ndarray | None = None,
    full: bool = False,
    method: str = "fast",
    window: float = 1.0,
    ceiling: str = "IRM2",
) -> pd.DataFrame:
    """Score separated stems per window and over the whole song, with floor and ceiling.

    Four systems are scored alike: `"mixture"` (the floor); `"gain"`, the mixture times the constant
    that is best for the source (a network that gains no more has only turned down the volume);
    `"estimate"`; and `"oracle"` (the ceiling of any method that masks a spectrogram). Silence
    follows museval: a window in which any reference or any estimate of a system is silent is NaN
    for all its sources; over the whole song only a silent source itself is NaN. `summarize` counts
    both. The numbers in column `SDR` are those of museval, whichever method computes them.

    Args:
        estimates: dict. Source name to separated stem, `(time, channels)`.
        references: mapping. The same names to the true stems, of the same shape.
        sample_rate: int. Of all of them, in Hz.
        mixture: array `(time, channels)`. The song that was separated. Defaults to the sum of the
            references, which differs from a mastered song; required with a single source.
        full: bool. Whether ISR, SIR and SAR are computed as well, per window only, as BSSEval v4
            has them, and not for `"gain"`: this takes seconds. Defaults to `False`.
        method: str. `"fast"`, or `"museval"` for `full` scores by museval itself, in minutes.
            Defaults to `"fast"`.
        window: float. Length of a window and of the step to the next, in seconds.
            Defaults to `1.0`.
        ceiling: str. The oracle: a name in `sm.evaluation.oracles.ORACLES`. Defaults to `"IRM2"`.

    Returns:
        pandas.DataFrame. One row per system, source and window, and one per system and source for
        the song. Columns: `system`, `source`, `scope` (`"window"` or `"song"`), `second` (where
        the window starts; NaN for the song), `SDR`, `SI-SDR`, and if `full` `ISR`, `SIR`, `SAR`.

    Raises:
        TypeError: if samples are not float.
        ValueError: if names, lengths or channels differ, a sample is not finite, or the sources
            overlap (accompaniment and a stem that it contains).
        ImportError: with `method="museval"`, if museval or ffmpeg is missing.

    Example:

    >>> voice, band = np.sin(np.arange(16000) / 9)[:, None], np.sin(np.arange(16000) / 70)[:, None]
    >>> truth = {"vocals": voice, "accompaniment": band}
    >>> guess = {"vocals": voice + 0.1 * band, "accompaniment": 0.9 * band}
    >>> table = sm.evaluate(guess, truth, sample_rate=8000)
    >>> table.query("scope == 'song' and system == 'estimate'")["SDR"].round(1).tolist()
    [20.0, 20.0]
    """
    _checks.one_of(method=(method, ("fast", "museval")), ceiling=(ceiling, oracles.ORACLES))
    _checks.require(sample_rate > 0, "sample_rate must be above 0 Hz", sample_rate=sample_rate)
    names = tuple(references)
    overlap = "accompaniment" in names and set(names) - {"vocals", "accompaniment"}
    rule = "accompaniment overlaps the other stems; score it with the vocals, and them separately"
    _checks.require(not overlap, rule, references=names)
    known = mixture is not None or len(names) > 1
    _checks.require(known, "a single source requires mixture", references=names)
    others = {} if mixture is None else {"mixture": mixture}
    truths, guesses, *given = check_sources(references, estimates, least=1, mono=False, **others)
    references = dict(zip(names, truths, strict=True))
    estimates = dict(zip(names, guesses, strict=True))
    mixture = given[0] if given else sum(truths)
    systems = {
        "mixture": dict.fromkeys(references, mixture),
        "gain": {name: _fit_gain(mixture, stem) * mixture for name, stem in references.items()},
        "estimate": estimates,
        "oracle": oracles.ORACLES[ceiling](references, mixture),
    }
    method = method if full or method == "museval" else None
    tables = []
    for system, stems in systems.items():
        of_system = None if system == "gain" else method
        table = _score(stems, references, sample_rate, of_system, window)
        table.insert(0, "system", system)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def summarize(table: pd.DataFrame) -> pd.DataFrame:
    """Summarise the table of `evaluate` in two lines for each source.

    The field reports two different numbers as "the SDR": the median over the windows of a song
    (SiSEC, museval) and one ratio over the whole song (MDX, SDX). The table contains both.

    Args:
        table: pandas.DataFrame. From `evaluate`.

    Returns:
        pandas.DataFrame. Indexed by `source` and `aggregate`; columns `mixture`, `gain`,
        `estimate`, `oracle` (SDR in dB), `SDRi` and `SI-SDRi` (improvements over the mixture, in
        dB), `share` (of the gap between floor and ceiling that is closed: 0 for the mixture, 1 for
        the oracle), `SI-SDR` (dB), `windows`, and `silent` (windows without a score; for the song,
        1 if it has none).

    Example:

    >>> tone, hiss = np.sin(np.arange(16000) / 9)[:, None], np.sin(np.arange(16000) / 70)[:, None]
    >>> truth = {"vocals": tone, "accompaniment": hiss}
    >>> guess = {"vocals": tone + 0.1 * hiss, "accompaniment": 0.9 * hiss}
    >>> lines = sm.evaluation.summarize(sm.evaluate(guess, truth, sample_rate=8000))
    >>> lines.loc[("vocals", "whole song"), ["estimate", "SDRi"]].round().tolist()
    [20.0, 20.0]
    """
    rows = []
    for source, of_source in table.groupby("source", sort=False):
        for aggregate, scope in ((MEDIAN, "window"), (WHOLE, "song")):
            part = of_source[of_source["scope"] == scope].set_index("system")
            medians = part.groupby(level="system")[[*RATIOS]].median()  # skips windows without one
            medians = medians.reindex(SYSTEMS)
            gaps = medians - medians.loc["mixture"]  # NaN where both scores are infinite
            gain, gap = gaps.loc["estimate"], gaps.loc["oracle", "SDR"]
            scores = part.loc[["estimate"], "SDR"]
            row = {"source": source, "aggregate": aggregate, **medians["SDR"]}
            row |= {"SDRi": gain["SDR"], "SI-SDRi": gain["SI-SDR"]}
            row |= {"share": gain["SDR"] / gap if gap else np.nan}
            row |= {"SI-SDR": medians.loc["estimate", "SI-SDR"]}
            rows.append(row | {"windows": len(scores), "silent": int(scores.isna().sum())})
    return pd.DataFrame(rows).set_index(["source", "aggregate"])


def _score(estimates, references, sample_rate, method, window):
    """The rows of one system without its name; those of BSSEval too if a method is given."""
    both = [*references.values(), *estimates.values()]
    times = (sample_rate, window, window)
    pieces = metrics.split_windows(len(both[0]), *times)
    silent = [any(metrics.is_silent(samples[piece]) for samples in both) for piece in pieces]
    bss_eval = metrics.bss_eval(references, estimates, *times, method=method) if method else {}
    rows = []
    for source, reference in references.items():
        estimate = estimates[source]
        for i, piece in enumerate(pieces):
            row = {"source": source, "scope": "window", "second": piece.start / sample_rate}
            for score, ratio in RATIOS.items():
                row[score] = np.nan if silent[i] else ratio(reference[piece], estimate[piece])
            row |= {score: values[i] for score, values in bss_eval.get(source, {}).items()}
            rows.append(row)
        row = {"source": source, "scope": "song", "second": np.nan}
        rows.append(row | {score: ratio(reference, estimate) for score, ratio in RATIOS.items()})
    return pd.DataFrame(rows)


def _fit_gain(mixture, stem):
    """The gain at which the mixture comes closest to a stem, by least squares."""
    both = mixture.ravel(), stem.ravel()
    energy, common = (np.einsum("i,i->", both[0], x, dtype="float64") for x in both)
    return float(common / energy) if energy else 0.0
