"""Exercises of notebook 11."""

import numpy as np

from sepmodels import layers, signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _interleaved(x, last):
    """Every step, followed by the mean of it and the next one."""
    following = np.concatenate([x[:, 1:], last], axis=1)
    pairs = np.stack([x, (x + following) / 2], axis=2)
    return pairs.reshape(len(x), -1, x.shape[-1])


def _doubled(n, levels):
    """Lengths if an interpolation made 2N samples of N."""
    bottom = 5 - (5 - n) // 2**levels
    size, output = bottom + 14, bottom
    for _ in range(levels):
        size, output = 2 * size + 14, 2 * output - 4
    return size, output


EXERCISES = {
    "11.1": Exercise(
        lambda x: layers.Upsample(padding="valid")(x),
        lambda: [(noise(1, 5, 2),), (noise(2, 1, 3),)],
        {
            "2N steps: the last one has no right neighbour from which to interpolate.": (
                lambda x: _interleaved(x, x[:, -1:])
            ),
            "That repeats every step; the new steps should be means of their two neighbours.": (
                lambda x: np.repeat(x, 2, axis=1)[:, :-1]
            ),
        },
    ),
    "11.2": Exercise(
        lambda skip, x: layers.CropConcat()((skip, x)),
        lambda: [(noise(1, 11, 2), noise(1, 7, 3)), (noise(2, 8, 1), noise(2, 5, 1))],
        {
            "An odd remainder is cut on the right: start at (8 - 5) // 2 = 1.": (
                lambda skip, x: layers.CropConcat()(
                    (skip[:, (skip.shape[1] - x.shape[1]) % 2 :], x)
                )
            ),
            "You kept the start of the skip; its centre is aligned with x.": lambda skip, x: (
                np.concatenate([skip[:, : x.shape[1]], x], axis=-1)
            ),
            "You kept the end of the skip; its centre is aligned with x.": lambda skip, x: (
                np.concatenate([skip[:, -x.shape[1] :], x], axis=-1)
            ),
            "Exchange the two: the channels of the skip come first.": lambda skip, x: np.roll(
                layers.CropConcat()((skip, x)), x.shape[-1], axis=-1
            ),
        },
    ),
    "11.3": Exercise(
        signal.find_wave_u_net_lengths,
        lambda: [(16384, 12), (1000, 3), (5, 2), (6, 2)],
        {
            "An interpolation makes 2N - 1 samples of N, not 2N.": _doubled,
        },
    ),
}
