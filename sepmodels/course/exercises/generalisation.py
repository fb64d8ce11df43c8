"""Exercises of notebook 41."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise


def _leak(train, test):
    """The fraction of the test clips whose backing also occurs in training."""
    return float(np.mean(np.isin(test, train)))


EXERCISES = {
    "41.1": Exercise(
        _leak,
        lambda: [
            (["moon", "rain", "rain", "sun"], ["rain", "sea", "rain", "moon", "wind"]),
            (["a", "b"], ["c", "c"]),
        ],
        {
            "You count backings; count clips.": lambda train, test: (
                len({*train} & {*test}) / len({*test})
            ),
            "That is the fraction of the training clips; count those of the test set.": (
                lambda train, test: _leak(test, train)
            ),
            "That is the fraction of the clips without a leak.": lambda train, test: (
                1 - _leak(train, test)
            ),
        },
    )
}
