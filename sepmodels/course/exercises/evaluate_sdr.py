"""Exercises of notebook 31."""

import numpy as np
import pandas as pd

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.evaluation import metrics, statistics


def _score(tracks):
    rows = [
        {"track": i, "source": "vocals", "SDR": value}
        for i, values in enumerate(tracks)
        for value in values
    ]
    lines = statistics.aggregate(pd.DataFrame(rows))
    return lines["SDR"].xs(statistics.TRACKS, level="aggregate").item()


def _windows(references, estimates, size):
    names = range(len(references))
    sides = (dict(zip(names, side, strict=True)) for side in (references, estimates))
    return np.isfinite(metrics.bss_eval(*sides, size, measures=["SDR"])[0]["SDR"])


def _heard(samples, size):
    """Whether each source sounds in each window, `(sources, windows)`, counted by hand."""
    count = samples.shape[1] // size
    summed = samples.sum(axis=2)[:, : count * size].reshape(len(samples), count, size)
    return (summed != 0).any(axis=2)


def _tracks():
    short, long = np.array([4.0, np.nan, 7.0]), np.array([1.0, 2.0, 3.5, 0.5, np.nan, 2.5])
    return [short, np.array([9.0, 5.0]), long]


def _pauses():
    truth, guess = np.round(4 * noise(2, 2, 45, 2)) / 4 + 0.125  # sums of these are exact
    truth[0, 10:20] = 0
    guess[1, 20:30] = 0
    truth[1, 30:40, 1] = -truth[1, 30:40, 0]  # opposite phase
    return truth, guess, 5


EXERCISES = {
    "31.1": Exercise(
        _score,
        lambda: [(_tracks(),), ([np.array([1.0, 8.0, 3.0]), np.array([np.nan, 6.0])],)],
        {
            "That is one median over the windows of all songs; take that of each song first.": (
                lambda tracks: np.nanmedian(np.concatenate(tracks))
            ),
            "You take the mean of the songs; SiSEC takes their median.": lambda tracks: np.mean(
                [np.nanmedian(values) for values in tracks]
            ),
            "A silent window is no score of 0 dB: leave it out.": lambda tracks: np.median(
                [np.median(np.nan_to_num(values)) for values in tracks]
            ),
            "One NaN makes a median NaN: np.nanmedian leaves silent windows out.": lambda tracks: (
                np.median([np.median(values) for values in tracks])
            ),
        },
    ),
    "31.2": Exercise(
        _windows,
        lambda: [_pauses()],
        {
            "A silent estimate is as bad as a silent reference.": lambda truth, guess, size: _heard(
                truth, size
            ).all(axis=0),
            "One silent source is enough: all must sound, not any.": lambda truth, guess, size: (
                _heard(truth, size) & _heard(guess, size)
            ).any(axis=0),
            "Sum over the channels first: opposite phases count as silence.": (
                lambda truth, guess, size: (
                    _heard(truth[..., :1], size) & _heard(guess[..., :1], size)
                ).all(axis=0)
            ),
            "The other way round: True is for the windows that count.": (
                lambda truth, guess, size: ~_windows(truth, guess, size)
            ),
        },
    ),
}
