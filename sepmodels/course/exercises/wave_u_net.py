"""Exercises of notebook 22."""

import numpy as np

from sepmodels import layers, signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _input_length(n, levels):
    return signal.find_wave_u_net_lengths(n, levels)[0]


def _walk(n, levels, *, bottom=14, rest=1):
    """Lengths from the output back to the input; an interpolation of m makes 2m - `rest`."""
    for _ in range(levels):
        n = (n + 4 + rest) // 2
    n += bottom
    for _ in range(levels):
        n = 2 * n - rest + 14
    return n


def _interpolated(x, w):
    layer = layers.Upsample("learned", padding="valid")
    layer.build(x.shape)
    layer.omega.assign(np.log(w / (1 - w)))
    return layer(x)


EXERCISES = {
    "22.1": Exercise(
        _input_length,
        lambda: [(133, 3), (5, 1), (133, 6)],  # small ones: a sample counts
        {
            "The convolution at the bottom is missing.": lambda n, levels: _walk(
                n, levels, bottom=0
            ),
            "There are m - 1 gaps between m steps: 2m - 1 steps in all, not 2m.": (
                lambda n, levels: _walk(n, levels, rest=0)
            ),
            "That is the context alone; add the length of the output.": (
                lambda n, levels: _input_length(n, levels) - n
            ),
        },
    ),
    "22.2": Exercise(
        _interpolated,
        lambda: [
            (noise(2, 5, 3), np.array([0.5, 0.9, 0.2], "float32")),
            (noise(1, 1, 2), np.array([0.3, 0.6], "float32")),
        ],
        {
            "w is the weight of the step before, 1 - w that of the step after.": lambda x, w: (
                _interpolated(x, 1 - w)
            ),
            "There is no step after the last one: end with it.": lambda x, w: np.concatenate(
                [_interpolated(x, w), x[:, -1:]], axis=1
            ),
        },
    ),
}
