"""Exercises of notebook 20."""

import math

import keras
import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.training import losses


def _bits(logits, classes):
    """Mean over time of what the true class costs."""
    return losses.mu_law_cross_entropy(classes[None], logits[None])[0] / math.log(2)


def _queue(x, kernel, dilation):
    """A causal convolution of two taps; its output is as long as its input."""
    past = np.pad(x, ((dilation, 0), (0, 0)))
    return keras.ops.conv(past[None], kernel, dilation_rate=dilation)[0]


def _questions():
    some, loud = noise(30, 256), 100 * noise(12, 256)
    return [(3 * some, np.arange(30) * 37 % 256), (loud, np.arange(12) * 91 % 256)]


EXERCISES = {
    "20.1": Exercise(
        _bits,
        _questions,
        {
            "Those are nats: a bit is log 2 of them.": lambda logits, classes: (
                _bits(logits, classes) * math.log(2)
            ),
            "A chance is below 1, its logarithm below 0: the sign is missing.": (
                lambda logits, classes: -_bits(logits, classes)
            ),
            "Take the logarithm of every chance, then the mean; not the other way round.": (
                lambda logits, classes: (
                    -np.log2(np.mean(_chances(logits)[np.arange(len(classes)), classes]))
                )
            ),
            "That is the sum; the mean over the samples is asked for.": lambda logits, classes: (
                _bits(logits, classes) * len(classes)
            ),
        },
    ),
    "20.2": Exercise(
        _queue,
        lambda: [(noise(9, 3), noise(2, 3, 4), 4), (noise(6, 2), noise(2, 2, 1), 1)],
        {
            "kernel[0] is for the old sample, kernel[1] for the new one.": lambda x, kernel, d: (
                _queue(x, kernel[::-1], d)
            ),
            "One sample too young: take the oldest out of the queue before you put the new one "
            "in.": lambda x, kernel, d: _queue(x, kernel, d - 1) if d > 1 else x @ kernel.sum(0),
            "The old sample is missing: it comes out of the queue.": lambda x, kernel, d: (
                x @ kernel[1]
            ),
        },
    ),
}


def _chances(logits):
    return np.array(keras.ops.softmax(logits.astype("float64")))
