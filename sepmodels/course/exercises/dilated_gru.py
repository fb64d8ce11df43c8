"""Exercises of notebook 12."""

import keras
import numpy as np

from sepmodels import layers
from sepmodels.course.exercises.exercise import Exercise, noise, randomize


def _find_frames(t, *dilations):
    """The input frames that output frame `t` of stacked dilated GRUs depends on."""
    frames = {t}
    for dilation in dilations:
        frames = {frame - n for frame in frames for n in range(0, frame + 1, dilation)}
    return sorted(frames)


def _backward(x, dilation, gru):
    """The outputs of a dilated GRU that runs from the end to the start."""
    layer = layers.DilatedGRU(gru.units, dilation, return_sequences=True, go_backwards=True)
    layer.build(x.shape)
    layer.set_weights(gru.get_weights())
    return keras.ops.flip(layer(x), axis=1)


def _pad_first(x, dilation, gru):
    rows = keras.ops.flip(layers.fold_time(x, dilation), axis=1)
    rows = keras.ops.flip(gru(rows), axis=1)
    return layers.unfold_time(rows, dilation, x.shape[1])


def _gru(units):
    return randomize(keras.layers.GRU(units, return_sequences=True), 3)


EXERCISES = {
    "12.1": Exercise(
        layers.fold_time,
        lambda: [(np.arange(72.0).reshape(2, 12, 3), 4), (noise(1, 6, 1), 3)],
        {
            "Rows of neighbouring frames: you cut the sequence into pieces. A row consists of "
            "every k-th frame.": lambda x, k: x.reshape(-1, x.shape[1] // k, x.shape[2]),
        },
    ),
    "12.2": Exercise(
        _find_frames,
        lambda: [(9, 4, 2), (8, 3, 2)],
        {
            "That is the first layer alone; the second one depends on more of its frames.": (
                lambda t, j, k: np.arange(t % j, t + 1, j)
            ),
        },
    ),
    "12.3": Exercise(
        _backward,
        lambda: [(noise(1, 10, 3), 4, _gru(2)), (noise(2, 12, 3), 3, _gru(2))],
        {
            "You folded before you reversed time, so the GRU starts with the padding.": (
                _pad_first
            ),
            "Reverse the output as well, so that frame t is at position t again.": (
                lambda x, k, gru: keras.ops.flip(_backward(x, k, gru), axis=1)
            ),
        },
    ),
}
