"""Exercises of notebook 41."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise


def _leak(train, test):
    """The share of the test clips whose backing is known from training."""
    return float(np.mean(np.isin(test, train)))


EXERCISES = {
    "41.1": Exercise(
        _leak,
        lambda: [
            (["moon", "rain", "rain", "sun"], ["rain", "sea", "rain", "moon", "wind"]),
            (["a", "b"], ["c", "c"]),
        ],
        {
            "You count backings; what is scored is clips.": lambda train, test: (
                len({*train} & {*test}) / len({*test})
            ),
            "That is the share of the training clips; which of the test's are known?": (
                lambda train, test: _leak(test, train)
            ),
            "Those are the clips that are clean.": lambda train, test: 1 - _leak(train, test),
        },
    ),
}
