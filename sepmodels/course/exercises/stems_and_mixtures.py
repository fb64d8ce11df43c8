"""Exercises of notebook 01."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.datasets.track import Track


def _accompaniment(stems):
    rest = {source: samples for source, samples in stems.items() if source != "vocals"}
    return Track.from_arrays("rest", rest, sample_rate=1).mixture


def _remix(stems, gains):
    """The mixture of the scaled stems, and the scaled stems below it."""
    scaled = [stem * gain for stem, gain in zip(stems, gains, strict=True)]
    return np.stack([sum(scaled), *scaled])


def _validation(groups, count):
    """The places of all songs of the first `count` groups of the alphabet."""
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
            "That is the mixture: the vocals are still in it.": lambda stems: sum(stems.values()),
            "A mixture is a sum, not a mean.": lambda stems: (
                _accompaniment(stems) / (len(stems) - 1)
            ),
            "You sum over time or channels too; only the stems are to be added.": lambda stems: (
                _accompaniment(stems).sum()
            ),
        },
    ),
    "01.2": Exercise(
        _remix,
        lambda: [
            (noise(2, 40, 2), np.array([0.5, 1.4], "float32")),
            (noise(4, 30, 1), np.array([1.0, 0.0, 0.7, 1.2], "float32")),
        ],
        {
            "The mixture is still the old one: add the stems up after scaling them.": (
                lambda stems, gains: np.stack([stems.sum(axis=0), *_remix(stems, gains)[1:]])
            ),
            "The mixture is right, but the stems are the old ones: what is to be estimated must "
            "be what is in the mixture.": lambda stems, gains: np.stack(
                [_remix(stems, gains)[0], *stems]
            ),
            "Where is the mixture? It comes first, the stems after it.": lambda stems, gains: (
                _remix(stems, gains)[1:]
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
            "You counted songs; `count` says how many groups.": lambda groups, count: np.argsort(
                groups, kind="stable"
            )[:count].tolist(),
            "Those are the songs to train on.": lambda groups, count: sorted(
                {*range(len(groups))} - {*_validation(groups, count)}
            ),
            "Sort the groups first: the split must not depend on the order of the songs.": (
                lambda groups, count: np.flatnonzero(
                    np.isin(groups, list(dict.fromkeys(groups))[:count])
                ).tolist()
            ),
        },
    ),
}
