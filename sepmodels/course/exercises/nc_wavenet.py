"""Exercises of notebook 21."""

import keras
import numpy as np

from sepmodels import signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _side(front, kernel_size, dilations, stacks):
    """Samples that a network without padding loses on each side."""
    layers = signal.compute_context(kernel_size, list(dilations) * stacks)[0]
    return signal.compute_context(front, [1])[0] + layers


def _classes(logits):
    """The sample value of every class."""
    return np.asarray(signal.mu_law_decode(np.arange(logits.shape[-1]), logits.shape[-1]))


def _probabilities(logits):
    return np.asarray(keras.ops.softmax(logits, axis=-1))


def _expected(logits):
    return _probabilities(logits) @ _classes(logits)


def _by_mean_class(logits):
    mean = _probabilities(logits) @ np.arange(logits.shape[-1])
    return np.asarray(signal.mu_law_decode(mean, logits.shape[-1]))


EXERCISES = {
    "21.1": Exercise(
        _side,
        lambda: [(25, 3, [2**i for i in range(9)], 7), (9, 5, [1, 3, 9], 2), (1, 3, [4], 1)],
        {
            "That is both sides together; a centred kernel loses half of it on each side.": (
                lambda *how: 2 * _side(*how)
            ),
            "That is the receptive field: both sides and the sample itself.": (
                lambda *how: 2 * _side(*how) + 1
            ),
            "The first convolution has a context, too.": lambda front, *how: _side(1, *how),
            "That is one stack; the contexts of all stacks add up.": (
                lambda front, kernel_size, dilations, stacks: _side(
                    front, kernel_size, dilations, 1
                )
            ),
        },
    ),
    "21.2": Exercise(
        _expected,
        lambda: [(4 * noise(3, 256),), (4 * noise(2, 5, 256),)],
        {
            "That is the most probable class; the mean is taken over all classes.": lambda logits: (
                _classes(logits)[np.argmax(logits, axis=-1)]
            ),
            "That is the mean of the class numbers, decoded; the classes are not evenly spaced, so "
            "decode first.": _by_mean_class,
        },
        allowed=(signal.mu_law_decode,),
    ),
}
