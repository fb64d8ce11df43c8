"""Exercises of notebook 10."""

import keras
import numpy as np

from sepmodels import layers, signal
from sepmodels.course.exercises.exercise import Exercise, noise, randomize


def _gate(x):
    return np.tanh(_halves(x)[0]) * _sigmoid(_halves(x)[1])


def _halves(x):
    return np.split(x, 2, axis=-1)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _span(t, kernel_size, dilations, causal):
    left, right = signal.compute_context(kernel_size, dilations, causal)
    return t - left, t + right


def _block(dilation, seed):
    return randomize(layers.GatedResidualBlock(3, dilation=dilation, causal=True), 3, seed)


def _centred(x, block):
    other = layers.GatedResidualBlock(3, dilation=block.dilation)
    other.build(x.shape)
    other.set_weights(block.get_weights())
    return other(x)


def _swapped(x, block):
    kernel, bias = block.dilated.get_weights()
    block.dilated.set_weights([kernel[::-1], bias])
    return block(x)


EXERCISES = {
    "10.1": Exercise(
        _gate,
        lambda: [(noise(2, 5, 6),), (3 * noise(1, 4, 2),)],
        {
            "Exchange the halves: the first is the filter, the second the gate.": (
                lambda x: np.tanh(_halves(x)[1]) * _sigmoid(_halves(x)[0])
            ),
            "A gate lies between 0 and 1: apply the sigmoid to the second half.": lambda x: (
                np.tanh(_halves(x)[0]) * np.tanh(_halves(x)[1])
            ),
            "A gate multiplies; you add.": lambda x: (
                np.tanh(_halves(x)[0]) + _sigmoid(_halves(x)[1])
            ),
        },
    ),
    "10.2": Exercise(
        _span,
        lambda: [(100, 2, [1, 2, 4, 8], True), (100, 3, [1, 2, 4], False), (50, 3, [1, 4], True)],
        {
            "A kernel of k taps spans k - 1 dilations, not k.": lambda t, k, dilations, causal: (
                _span(t, k + 1, dilations, causal)
            ),
            "The contexts of stacked blocks add up; you used the widest block alone.": (
                lambda t, k, dilations, causal: _span(t, k, [max(dilations)], causal)
            ),
        },
    ),
    "10.3": Exercise(
        lambda x, block: block(x),
        lambda: [(noise(1, 9, 3), _block(2, 0)), (noise(2, 7, 3), _block(3, 1))],
        {
            "The input is missing: the residual path adds it to the output.": lambda x, block: (
                block(x) - keras.ops.convert_to_tensor(x)
            ),
            "Your block depends on future samples: put all padding in front.": _centred,
            "kernel[0] belongs to the older sample and kernel[1] to the current one.": _swapped,
        },
    ),
}
