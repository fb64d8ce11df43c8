"""Exercises of notebook 24."""

import keras
import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise

EXERCISES = {
    "24.1": Exercise(
        lambda scores: keras.ops.softmax(scores, axis=-1),
        lambda: [(noise(2, 5, 3, 2),), (1000 * noise(1, 2, 3, 4),)],
        {
            "They should sum to one over the sources, the last axis.": lambda scores: np.exp(
                scores
            ),
            "One mask per source, each by itself: that is the sigmoid, and it does not sum to "
            "one.": lambda scores: 1 / (1 + np.exp(-scores)),
        },
    ),
}
