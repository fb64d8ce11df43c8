"""Exercises of notebook 01."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise


def _accompaniment(stems):
    return sum(samples for source, samples in stems.items() if source != "vocals")


def _remix(stems, gains):
    """The mixture of the scaled stems, followed by the scaled stems."""
    scaled = [stem * gain for stem, gain in zip(stems, gains, strict=True)]
    return np.stack([sum(scaled), *scaled])


def _validation(groups, count):
    """The indices of all tracks of the first `count` groups in alphabetical order."""
    held = sorted(set(groups))[:count]
    return np.flatnonzero(np.isin(groups, held)).tolist()


def _stems():
    names = ("drums", "vocals", "bass", "other")
    return dict(zip(names, noise(4, 50, 2), strict=True))


EXERCISES = {
    "01.1": Exercise(
        _accompaniment,
        lambda: [(_stems(),), ({"vocals": noise(9, 1), "accompaniment": 2 * noise(9, 1)},)],
        {
            "That is the mixture: it still contains the vocals.": lambda stems: sum(stems.values()),
            "A mixture is a sum, not a mean.": lambda stems: (
                _accompaniment(stems) / (len(stems) - 1)
            ),
            "You also sum over time or channels; add the stems only.": lambda stems: _accompaniment(
                stems
            ).sum(),
        },
    ),
    "01.2": Exercise(
        _remix,
        lambda: [
            (noise(2, 40, 2), np.array([0.5, 1.4], "float32")),
            (noise(4, 30, 1), np.array([1.0, 0.0, 0.7, 1.2], "float32")),
        ],
        {
            "The mixture is the old one: scale the stems first and add them up after that.": (
                lambda stems, gains: np.stack([stems.sum(axis=0), *_remix(stems, gains)[1:]])
            ),
            "The mixture is right, but the stems are the old ones: the targets must be the stems "
            "that the mixture contains.": lambda stems, gains: np.stack(
                [_remix(stems, gains)[0], *stems]
            ),
        },
    ),
    "01.3": Exercise(
        _validation,
        lambda: [
            (["rain", "moon", "rain", "fire", "moon", "sun", "fire"], 2),
            (["b", "c", "a", "a", "b", "c"], 1),
        ],
        {
            "You counted tracks; `count` is the number of groups.": lambda groups, count: (
                np.argsort(groups, kind="stable")[:count].tolist()
            ),
            "Sort the groups first: the split must not depend on the order of the tracks.": (
                lambda groups, count: np.flatnonzero(
                    np.isin(groups, list(dict.fromkeys(groups))[:count])
                ).tolist()
            ),
        },
    ),
}
