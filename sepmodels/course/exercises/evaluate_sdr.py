"""Exercises of notebook 31."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.evaluation import metrics


def _score(tracks):
    return np.median([np.nanmedian(windows) for windows in tracks])


def _windows(references, estimates, size):
    names = range(len(references))
    sides = (dict(zip(names, side, strict=True)) for side in (references, estimates))
    return np.isfinite(metrics.bss_eval(*sides, size, measures=["SDR"])[0]["SDR"])


def _sounds(samples, size, over_time=np.any):
    """Whether each source is not silent in each window, `(sources, windows)`."""
    count = samples.shape[1] // size
    summed = samples.sum(axis=2)[:, : count * size].reshape(len(samples), count, size)
    return over_time(summed, axis=2) != 0


def _tracks():
    short, long = np.array([4.0, np.nan, 7.0]), np.array([1.0, 2.0, 3.5, 0.5, np.nan, 2.5])
    return [short, np.array([9.0, 5.0]), long]


def _pauses():
    truth, guess = np.round(4 * noise(2, 2, 45, 2)) / 4 + 0.125  # sums of these are exact
    truth[0, 4] -= truth[0, :5].sum(axis=0)  # sums to zero over the window, and yet is not silent
    truth[0, 10:20] = 0
    guess[1, 20:30] = 0
    truth[1, 30:40, 1] = -truth[1, 30:40, 0]  # opposite phase
    return truth, guess, 5


EXERCISES = {
    "31.1": Exercise(
        _score,
        lambda: [(_tracks(),), ([np.array([1.0, 8.0, 3.0]), np.array([np.nan, 6.0])],)],
        {
            "That is one median over all windows; take the median of each track first.": (
                lambda tracks: np.nanmedian(np.concatenate(tracks))
            ),
            "You take the mean over the tracks; SiSEC takes the median.": lambda tracks: np.mean(
                [np.nanmedian(values) for values in tracks]
            ),
            "NaN does not mean 0 dB: leave silent windows out.": lambda tracks: np.median(
                [np.median(np.nan_to_num(values)) for values in tracks]
            ),
            "One NaN makes a median NaN; np.nanmedian leaves silent windows out.": lambda tracks: (
                np.median([np.median(values) for values in tracks])
            ),
        },
    ),
    "31.2": Exercise(
        _windows,
        lambda: [_pauses()],
        {
            "A window without the estimate of a source does not count either.": (
                lambda truth, guess, size: _sounds(truth, size).all(axis=0)
            ),
            "A window counts only if all sources sound, not if any does.": (
                lambda truth, guess, size: (_sounds(truth, size) & _sounds(guess, size)).any(axis=0)
            ),
            "Sum over the channels first: opposite phases count as silence.": (
                lambda truth, guess, size: (
                    _sounds(truth[..., :1], size) & _sounds(guess[..., :1], size)
                ).all(axis=0)
            ),
            "Sum over the channels but not over time: positive and negative samples cancel.": (
                lambda truth, guess, size: (
                    _sounds(truth, size, np.sum) & _sounds(guess, size, np.sum)
                ).all(axis=0)
            ),
            "That is the opposite: True marks the windows that count.": (
                lambda truth, guess, size: ~_windows(truth, guess, size)
            ),
        },
    ),
}
