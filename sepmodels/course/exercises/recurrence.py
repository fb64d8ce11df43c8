"""Exercises of notebook 04."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.layers.min_gru import scan_linear


def _states(z, n):
    return scan_linear((1 - z)[None], (z * n)[None], rounds=len(z).bit_length())[0]


def _arguments(time, units):
    return 1 / (1 + np.exp(-noise(time, units))), noise(time, units)[::-1].copy()


EXERCISES = {
    "04.1": Exercise(
        _states,
        lambda: [_arguments(12, 3), _arguments(7, 1)],
        {
            "The gate is inverted: z stores the candidate, 1 - z keeps the state.": (
                lambda z, n: _states(1 - z, n)
            ),
            "The previous state is missing: add (1 - z) times it.": lambda z, n: z * n,
        },
    )
}
