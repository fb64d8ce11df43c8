"""Exercises of notebook 24."""

import keras
import numpy as np
from keras import ops

from sepmodels import models
from sepmodels.course.exercises.exercise import Exercise, noise, randomize


def _context(dilations, n_fft, hop_length):
    """Samples on either side that can change an output sample of the network without GRUs."""
    sizes = {"n_fft": n_fft, "hop_length": hop_length, "filters": 2}
    return models.DilatedConvGRU(dilations=dilations, gru_dilation=None, **sizes).context[0]


def _block(x, kernel, bias, dilation, forward, backward, slope=0.01):
    c = ops.conv(x, kernel, padding="same", dilation_rate=dilation) + bias
    c = ops.leaky_relu(c, slope)
    return x + c + forward(c) + ops.flip(backward(ops.flip(c, axis=1)), axis=1)


def _parts(time, dilation):
    """An input and the parts of a block."""
    grus = [keras.layers.GRU(4, return_sequences=True) for _ in range(2)]
    forward, backward = (randomize(gru, 4, seed) for seed, gru in enumerate(grus))
    return noise(2, time, 4), noise(3, 4, 4), noise(4), dilation, forward, backward


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
    ),
    "24.2": Exercise(
        _block,
        lambda: [_parts(9, 2), _parts(6, 1)],
        {
            "The residual connection is missing: add x.": lambda x, *how: _block(x, *how) - x,
            "The leaky ReLU is missing.": lambda *how: _block(*how, slope=1.0),
            "That is a ReLU; the leaky one multiplies negative numbers by 0.01.": lambda *how: (
                _block(*how, slope=0.0)
            ),
            "The backward GRU runs from the end: reverse time before it, and again after it.": (
                lambda *how: _block(*how[:-1], lambda c: ops.flip(how[-1](ops.flip(c, 1)), 1))
            ),
        },
    ),
    "24.3": Exercise(
        _context,
        lambda: [((1, 2, 4), 1024, 256), ((1, 3), 64, 32)],
        {
            "The first and the last convolution see one more frame each.": lambda dilations, n, h: (
                _context(dilations, n, h) - 2 * h
            ),
            "A frame has n_fft samples, and every frame that contains the sample counts: up to "
            "n_fft - 1 more.": lambda dilations, n, h: _context(dilations, n, h) - n + 1,
            "Those are frames; samples are expected.": lambda dilations, n, h: 2 + sum(dilations),
        },
    ),
}
