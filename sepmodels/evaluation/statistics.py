"""Summaries over many songs: medians, confidence intervals, and a paired test of two systems."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from sepmodels import _checks

MEASURES = ("SDR", "ISR", "SIR", "SAR", "SI-SDR")
TRACKS, WINDOWS = "median of track medians", "median of all windows"


class Comparison(NamedTuple):
    """Result of `compare`: number of tracks, median difference in dB, its interval, p-value."""

    tracks: int
    difference: float
    low: float
    high: float
    p_value: float


def aggregate(table: pd.DataFrame) -> pd.DataFrame:
    """Compute both medians that papers report as "the SDR", for each source and system.

    SiSEC 2018 takes the median over the windows of each track, then the median over the tracks;
    others take one median over the windows of all tracks, in which long songs have more weight.
    For the same model they may differ by 0.5 dB. Windows without a score (NaN) and perfect ones
    (infinite, which museval does not keep) are left out.

    Args:
        table: pandas.DataFrame. Rows for windows with the columns `track`, `source` and measures
            such as `SDR`: from `evaluate_folders`, which has `system` and `scope` as well, or from
            `museval_json.read_folder`.

    Returns:
        pandas.DataFrame. Indexed by `source`, `system` and `aggregate`; columns are the measures
        (dB), `low` and `high` (95 % of `bootstrap` for the SDR, over the tracks), `share` (of the
        gap in SDR between mixture and oracle that is closed, from 0 to 1), `tracks`, `windows`, and
        `silent` (windows without an SDR).

    Example:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"track": list("aab"), "source": "vocals", "SDR": [1.0, 3.0, 6.0]})
    >>> sm.evaluation.statistics.aggregate(table)["SDR"].tolist()
    [4.0, 3.0]
    """
    table = select_windows(table)
    measures = [measure for measure in MEASURES if measure in table]
    table = table.assign(**table[measures].replace([np.inf, -np.inf], np.nan))
    rows = []
    for (source, system), part in table.groupby(["source", "system"], sort=False):
        songs = part.groupby("track", sort=False)
        whole = songs["SDR"].median().to_numpy()
        each = [windows.dropna().to_numpy() for _, windows in songs["SDR"]]
        for label, medians, interval in (
            (TRACKS, songs[measures].median().median(), bootstrap(whole)),
            (WINDOWS, part[measures].median(), bootstrap(each, statistic=_pooled_median)),
        ):
            row = {"source": source, "system": system, "aggregate": label, **medians}
            row |= {"low": interval[0], "high": interval[1], "tracks": len(whole)}
            rows.append(row | {"windows": len(part), "silent": int(part["SDR"].isna().sum())})
    lines = pd.DataFrame(rows).set_index(["source", "system", "aggregate"])
    ends = lines["SDR"].unstack("system").reindex(columns=["mixture", "oracle"])
    floor, ceiling = (ends[name].reindex(lines.index.droplevel("system")).array for name in ends)
    share = (lines["SDR"] - floor) / (ceiling - floor)
    lines.insert(lines.columns.get_loc("tracks"), "share", share)
    return lines


def bootstrap(
    scores: Sequence[float] | np.ndarray,
    level: float = 0.95,
    *,
    statistic: Callable = np.median,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Compute a bootstrap interval: how much a statistic would vary with other tracks.

    Args:
        scores: sequence. One score for each track, or an array of scores that are drawn
            together, such as those of its windows. NaN is left out.
        level: float. Of the interval, between 0 and 1. Defaults to `0.95`.
        statistic: function of a list of scores. Defaults to the median.
        resamples: int. How often tracks are drawn, with replacement. Defaults to `2000`.
        seed: int. Defaults to `0`.

    Returns:
        tuple of two floats; NaN with fewer than two tracks.

    Example:

    >>> low, high = sm.evaluation.statistics.bootstrap([4.0, 5.0, 5.5, 6.0, 9.0])
    >>> float(low), float(high)
    (4.0, 9.0)

    Reference:

    - Efron and Tibshirani (1993), "An Introduction to the Bootstrap", section 13.3 (percentiles).
    """
    scores = [score for score in scores if not np.all(np.isnan(score))]
    if len(scores) < 2:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(len(scores), size=(resamples, len(scores)))
    found = [statistic([scores[i] for i in draw]) for draw in draws]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def compare(
    first: Mapping[str, float] | pd.Series, second: Mapping[str, float] | pd.Series
) -> Comparison:
    """Compare two systems track by track, because songs differ more than systems do.

    Args:
        first: mapping (a dict, a pandas.Series). Track name to score, in dB.
        second: mapping. The same for the other system. Tracks that either lacks, or that have no
            score (NaN), are left out.

    Returns:
        Comparison. `tracks` compared; `difference`, the median of first minus second in dB; `low`
        and `high`, its 95 % interval by `bootstrap`; `p_value` of Wilcoxon's signed-rank test: how
        probable differences as one-sided as these are if neither system is better.

    Raises:
        ValueError: if fewer than two tracks have both scores.

    Example:

    >>> ours = {"a": 5.0, "b": 6.5, "c": 4.0, "d": 7.0, "e": 5.5, "f": 3.0}
    >>> theirs = {track: score - 1 for track, score in ours.items()}
    >>> found = sm.evaluation.statistics.compare(ours, theirs)
    >>> found.difference, round(found.p_value, 3)
    (1.0, 0.031)

    Reference:

    - Wilcoxon (1945), "Individual Comparisons by Ranking Methods".
    """
    differences = pd.Series(first, dtype="float64") - pd.Series(second, dtype="float64")
    differences = differences.dropna().to_numpy()
    rule = "first and second must share at least two tracks with a score"
    _checks.require(len(differences) > 1, rule, first=[*dict(first)], second=[*dict(second)])
    p_value = stats.wilcoxon(differences).pvalue if differences.any() else 1.0
    middle = float(np.median(differences))
    return Comparison(len(differences), middle, *bootstrap(differences), float(p_value))


def select_windows(table: pd.DataFrame) -> pd.DataFrame:
    """Select the windows of a table, without the rows of whole songs.

    Args:
        table: pandas.DataFrame. As for `aggregate`. Without a column `system` it is that of the
            estimates.
    """
    if "scope" in table:
        table = table[table["scope"] == "window"]
    return table if "system" in table else table.assign(system="estimate")


def _pooled_median(tracks):
    return np.median(np.concatenate(tracks))
