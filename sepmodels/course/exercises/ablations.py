"""Exercises of notebook 40."""

from sepmodels import layers
from sepmodels.course.exercises.exercise import Exercise, noise


def _gain(scores):
    """Mean and deviation of one variant whose scores are `(seeds, tracks)`."""
    return scores.mean(), scores.mean(axis=1).std(ddof=1)


def _weights(channels, units, dilation):
    layer = layers.DilatedGRU(units, dilation=dilation)
    layer.build((None, None, channels))
    return layer.count_params()


EXERCISES = {
    "40.1": Exercise(
        _gain,
        lambda: [(5 + noise(3, 8),), (noise(2, 5),)],
        {
            "You divide by the number of seeds; divide by one less (ddof=1).": (
                lambda scores: (scores.mean(), scores.mean(axis=1).std())
            ),
            "That is the deviation between tracks. Take the mean over the tracks first, then the "
            "deviation over the seeds.": lambda scores: (
                (scores.mean(), scores.mean(axis=0).std(ddof=1))
            ),
        },
    ),
    "40.2": Exercise(
        _weights,
        lambda: [(5, 4, 1), (3, 8, 4)],
        {
            "A dilation needs no more weights: all phases share them.": (
                lambda channels, units, dilation: dilation * _weights(channels, units, dilation)
            ),
            "Keras keeps two biases for each gate (reset_after=True).": (
                lambda channels, units, dilation: 3 * units * (channels + units + 1)
            ),
        },
    ),
}
