"""Scores of a separation, always between a floor and a ceiling.

The floor is the mixture itself offered as every stem; the ceiling is what the ideal ratio mask of
the true stems reaches. A score in dB says little without the two: songs differ more than systems.
"""

import numpy as np
import pandas as pd

from sepmodels import _checks
from sepmodels.evaluation import metrics, oracles

SYSTEMS = ("mixture", "estimate", "oracle")
RATIOS = {"SDR": metrics.sdr, "SI-SDR": metrics.si_sdr}
MEDIAN, WHOLE = "median of windows", "whole song"


def evaluate(
    estimates,
    references,
    sample_rate,
    *,
    mixture=None,
    full=False,
    method="fast",
    window=1.0,
    ceiling="IRM2",
):
    """Score separated stems per window and over the whole song, beside floor and ceiling.

    Three systems are scored alike: `"mixture"` (the floor), `"estimate"`, and `"oracle"` (the
    ceiling of any method that masks a spectrogram). Silence follows museval: a window in which any
    reference or any estimate of a system is silent is NaN for all its sources; over the whole song
    only a silent source itself is NaN. `summarize` counts both. The numbers in column `SDR` are
    those of museval, whichever method computes them.

    Args:
        estimates: dict. Source name to separated stem, `(time, channels)`.
        references: mapping. The same names to the true stems, of the same shape.
        sample_rate: int. Of all of them, in Hz.
        mixture: array `(time, channels)`. The song that was separated. Defaults to the sum of the
            references, which a mastered song is not; needed if there is but one source.
        full: bool. Whether ISR, SIR and SAR are computed as well, per window only, as BSSEval v4
            has them: seconds instead of a moment. Defaults to `False`.
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
            overlap (accompaniment beside its own parts).
        ImportError: with `method="museval"`, if museval or ffmpeg is missing.

    Example:

    >>> voice, band = np.sin(np.arange(16000) / 9)[:, None], np.sin(np.arange(16000) / 70)[:, None]
    >>> truth = {"vocals": voice, "accompaniment": band}
    >>> guess = {"vocals": voice + 0.1 * band, "accompaniment": 0.9 * band}
    >>> table = sm.evaluate(guess, truth, sample_rate=8000)
    >>> table.query("scope == 'song' and system == 'estimate'")["SDR"].round(1).tolist()
    [20.0, 20.0]
    """
    if method not in ("fast", "museval"):
        raise ValueError(f'method must be "fast" or "museval". Received method={method!r}.')
    if not sample_rate > 0:
        raise ValueError(f"sample_rate must be above 0 Hz. Received sample_rate={sample_rate!r}.")
    if ceiling not in oracles.ORACLES:
        raise ValueError(
            f"ceiling must be one of {[*oracles.ORACLES]}. Received ceiling={ceiling!r}."
        )
    _check_sources(estimates, references, mixture)
    references = {
        name: _checks.sound(f"references[{name!r}]", references[name]) for name in references
    }
    estimates = {
        name: _checks.sound(f"estimates[{name!r}]", estimates[name]) for name in references
    }
    if mixture is None:
        mixture = sum(references.values())
    mixture = _checks.sound("mixture", mixture)
    _check_shapes(estimates, references, mixture)
    systems = {
        "mixture": dict.fromkeys(references, mixture),
        "estimate": estimates,
        "oracle": oracles.ORACLES[ceiling](references, mixture),
    }
    method = method if full or method == "museval" else None
    tables = [
        _score(stems, references, sample_rate, method, window).assign(system=system)
        for system, stems in systems.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["system", *(column for column in table if column != "system")]]


def summarize(table):
    """What is left of `evaluate`'s table on a slide: two lines for each source.

    The field reports two different numbers as "the SDR": the median over the windows of a song
    (SiSEC, museval) and one ratio over the whole song (MDX, SDX). Both are here, under their names.

    Args:
        table: pandas.DataFrame. From `evaluate`.

    Returns:
        pandas.DataFrame. Indexed by `source` and `aggregate`; columns `mixture`, `estimate`,
        `oracle` (SDR in dB), `SDRi` (improvement over the mixture, in dB), `share` (of the way
        from floor to ceiling: 0 for the mixture, 1 for the oracle), `SI-SDR` and `SI-SDRi` (dB),
        `windows`, and `silent` (windows without a score; for the song, 1 if it has none).

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
            part = of_source[of_source["scope"] == scope]
            # One column per system; a median skips the windows without a score.
            sdr = {name: part.loc[part["system"] == name, "SDR"] for name in SYSTEMS}
            si_sdr = {name: part.loc[part["system"] == name, "SI-SDR"] for name in SYSTEMS}
            floor, score, ceiling = (sdr[name].median() for name in SYSTEMS)
            row = {"source": source, "aggregate": aggregate}
            row |= {"mixture": floor, "estimate": score, "oracle": ceiling}
            with np.errstate(invalid="ignore"):  # NaN where both scores are infinite
                row["SDRi"] = score - floor
                row["share"] = row["SDRi"] / (ceiling - floor) if ceiling != floor else np.nan
                row["SI-SDR"] = si_sdr["estimate"].median()
                row["SI-SDRi"] = row["SI-SDR"] - si_sdr["mixture"].median()
            row["windows"] = len(sdr["estimate"])
            row["silent"] = int(sdr["estimate"].isna().sum())
            rows.append(row)
    return pd.DataFrame(rows).set_index(["source", "aggregate"])


def _score(estimates, references, sample_rate, method, window):
    """The rows of one system, without its name; BSSEval's if a method for it is given."""
    pieces = metrics.windows(len(next(iter(references.values()))), sample_rate, window, window)
    both = [*references.values(), *estimates.values()]
    silent = [any(metrics.is_silent(samples[piece]) for samples in both) for piece in pieces]
    bss_eval = {}
    if method is not None:
        bss_eval = metrics.bss_eval(
            references, estimates, sample_rate, window, window, method=method
        )
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


def _check_sources(estimates, references, mixture):
    if not references or set(estimates) != set(references):
        raise ValueError(
            "estimates and references must name the same sources, one or more. Received "
            f"estimates={sorted(estimates)} and references={sorted(references)}. Leave out what is "
            "not to be scored; a missing accompaniment is the sum of the stems without vocals."
        )
    if "accompaniment" in references and set(references) - {"vocals", "accompaniment"}:
        raise ValueError(
            "accompaniment overlaps the stems that it is made of. Score vocals and accompaniment "
            f"in one call and the stems in another. Received {sorted(references)}."
        )
    if mixture is None and len(references) == 1:
        raise ValueError(f"With one source alone, {sorted(references)}, give mixture= as well.")


def _check_shapes(estimates, references, mixture):
    named = {f"references[{name!r}]": samples for name, samples in references.items()}
    named |= {f"estimates[{name!r}]": samples for name, samples in estimates.items()}
    named["mixture"] = mixture
    first, expected = next(iter(named.items()))
    for name, samples in named.items():
        if samples.shape[1] != expected.shape[1]:
            raise ValueError(
                f"{name} has shape {samples.shape} and {first} {expected.shape}: both must be "
                "(time, channels) with equally many channels. A mono stem scored against stereo is "
                "repeated: np.repeat(stem, 2, axis=1)."
            )
        if len(samples) != len(expected):
            raise ValueError(
                f"{name} has {len(samples)} samples and {first} has {len(expected)}. Cut both to "
                "the same stretch of the song (sm.metrics.fit cuts or pads, as museval does); if "
                "their sample rates differ, bring one to the other's with sm.audio.resample."
            )
