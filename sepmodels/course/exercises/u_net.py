"""Exercises of notebook 26."""

import numpy as np
from keras import ops

from sepmodels import signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _double(x, kernel):
    kernel = np.reshape(kernel, (-1, 1, 1))
    return ops.conv_transpose(x[None, :, None], kernel, strides=2, padding="same")[0, :, 0]


def _spread(x, kernel, first):
    total = np.zeros(2 * len(x) + 3)
    for step, value in enumerate(x):
        total[2 * step : 2 * step + 5] += value * kernel
    return total[first : first + 2 * len(x)]


def _cell(levels):
    return signal.compute_receptive_field(5, [2**level for level in range(levels)])


EXERCISES = {
    "26.1": Exercise(
        _cell,
        lambda: [(1,), (2,), (6,)],
        {
            "Each level doubles what a step is worth; add the levels up.": lambda levels: (
                1 + 4 * levels
            ),
            "A kernel of 5 adds 4 steps of its level, not 5.": lambda levels: 5 * (2**levels - 1),
            "The frame itself is missing.": lambda levels: _cell(levels) - 1,
        },
    ),
    "26.2": Exercise(
        _double,
        lambda: [(noise(6), noise(5)), (noise(1), noise(5) ** 2)],
        {
            "Drop one value in front and two at the end.": lambda x, kernel: _spread(x, kernel, 0),
            "Drop one value in front, not two.": lambda x, kernel: _spread(x, kernel, 2),
            "Add the kernel as it is, not reversed.": lambda x, kernel: _double(x, kernel[::-1]),
        },
    ),
}
