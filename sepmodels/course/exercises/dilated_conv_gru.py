"""Exercises of notebook 24."""

import keras
import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise

EXERCISES = {
    "24.1": Exercise(
        lambda scores: keras.ops.softmax(scores, axis=-1),
        lambda: [(noise(2, 5, 3, 2),), (1000 * noise(1, 2, 3, 4),)],
        {
            "Divide by the sum over the sources, the last axis: the masks should sum to one.": (
                lambda scores: np.exp(scores)
            ),
            "exp overflows for large scores: subtract the largest score of each bin first.": (
                lambda scores: np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
            ),
            "That is a sigmoid for each source by itself; the masks do not sum to one.": (
                lambda scores: 1 / (1 + np.exp(-scores))
            ),
        },
    )
}
