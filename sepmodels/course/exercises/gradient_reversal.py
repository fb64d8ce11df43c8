"""Exercises of notebook 13."""

import keras
import numpy as np
import tensorflow as tf

from sepmodels import layers
from sepmodels.course.exercises.exercise import Exercise, noise


def _there_and_back(x, upstream, scale):
    """The output of the layer and the gradient that it passes down, stacked."""
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.GradientReversal(scale)(x)
    return np.stack([y, tape.gradient(y, x, output_gradients=upstream)])


def _push(z, w, domain, scale):
    """The gradient of a linear classifier's loss at the latents below a reversal layer."""
    z = tf.convert_to_tensor(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        scores = layers.GradientReversal(scale)(z) @ w[:, None]
        loss = keras.losses.BinaryCrossentropy(from_logits=True)(domain[:, None], scores)
    return tape.gradient(loss, z)


def _alternating(z, w, domain, scale, rate):
    """The same after the classifier has taken one step of gradient descent."""
    slope = keras.ops.sigmoid(z @ w) - domain
    return _push(z, w - rate * np.mean(slope[:, None] * z, axis=0), domain, scale)


def _latents(factor):
    """Latents of six examples, the weights of a classifier, and the domains."""
    w = factor * np.array([0.5, -1.0, 2.0], "float32")
    return noise(6, 3), w, np.array([0, 0, 1, 1, 1, 0], "float32")


EXERCISES = {
    "13.1": Exercise(
        _there_and_back,
        lambda: [(noise(4, 3), 2 * noise(4, 3)[::-1].copy(), 0.3), (noise(2), noise(2), 2.0)],
        {
            "The forward pass is the identity: it does not use scale.": (
                lambda x, upstream, scale: np.stack([scale * x, -scale * upstream])
            ),
            "The backward pass reverses the sign.": lambda x, upstream, scale: np.stack(
                [x, scale * upstream]
            ),
            "Only the gradient changes its sign; the output does not.": (
                lambda x, upstream, scale: np.stack([-x, -scale * upstream])
            ),
            "The layer scales the gradient that arrives from above, not x.": (
                lambda x, upstream, scale: np.stack([x, -scale * x])
            ),
        },
    ),
    "13.2": Exercise(
        _push,
        lambda: [(*_latents(1), 0.3), (*_latents(-2), 1.5)],
        {
            "That is the gradient of the classifier itself; the layer reverses its sign.": (
                lambda z, w, domain, scale: -np.asarray(_push(z, w, domain, scale))
            ),
            "The scale is missing.": lambda z, w, domain, scale: _push(z, w, domain, 1.0),
            "The loss is a mean over the examples: divide by their number.": (
                lambda z, w, domain, scale: len(z) * np.asarray(_push(z, w, domain, scale))
            ),
        },
    ),
    "13.3": Exercise(
        _alternating,
        lambda: [(*_latents(1), 0.3, 0.5), (*_latents(-1), 1.0, 2.0)],
        {
            "That is the gradient through the old classifier; its step comes first.": (
                lambda z, w, domain, scale, rate: _push(z, w, domain, scale)
            ),
        },
    ),
}
