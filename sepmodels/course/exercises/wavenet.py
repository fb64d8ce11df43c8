"""Exercises of notebook 20."""

import math

import keras
import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.training import losses


def _bits(logits, classes):
    """Mean cross-entropy over time, in bits."""
    return losses.mu_law_cross_entropy(classes[None], logits[None])[0] / math.log(2)


def _queue(x, kernel, dilation):
    """A causal convolution of two taps; its output is as long as its input."""
    past = np.pad(x, ((dilation, 0), (0, 0)))
    return keras.ops.conv(past[None], kernel, dilation_rate=dilation)[0]


def _naive(logits, classes):
    powers = np.exp(logits)
    own = powers[np.arange(len(classes)), classes]
    return -np.mean(np.log2(own / powers.sum(axis=-1)))


def _questions():
    some, loud = noise(30, 256), 1000 * noise(12, 256)  # exp of the loud ones overflows
    return [(3 * some, np.arange(30) * 37 % 256), (loud, np.arange(12) * 91 % 256)]


EXERCISES = {
    "20.1": Exercise(
        _bits,
        _questions,
        {
            "Those are nats: divide by log 2 to get bits.": lambda logits, classes: (
                _bits(logits, classes) * math.log(2)
            ),
            "The logarithm of a probability is negative: the minus sign is missing.": (
                lambda logits, classes: -_bits(logits, classes)
            ),
            "Take the logarithm of every probability first and the mean after it.": (
                lambda logits, classes: (
                    -np.log2(np.mean(_probabilities(logits)[np.arange(len(classes)), classes]))
                )
            ),
            "exp overflows for large logits: subtract the largest logit of each sample first.": (
                _naive
            ),
            "That is the sum; the mean over the samples is expected.": lambda logits, classes: (
                _bits(logits, classes) * len(classes)
            ),
        },
    ),
    "20.2": Exercise(
        _queue,
        lambda: [(noise(9, 3), noise(2, 3, 4), 4), (noise(6, 2), noise(2, 2, 1), 1)],
        {
            "kernel[0] belongs to the old sample and kernel[1] to the new one.": (
                lambda x, kernel, d: _queue(x, kernel[::-1], d)
            ),
            "Your old sample is one step too recent: remove the oldest from the queue before you "
            "append the new one.": lambda x, kernel, d: (
                _queue(x, kernel, d - 1) if d > 1 else x @ kernel.sum(0)
            ),
        },
    ),
}


def _probabilities(logits):
    return np.array(keras.ops.softmax(logits.astype("float64")))
