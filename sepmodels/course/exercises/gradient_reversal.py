"""Exercises of notebook 13."""

import keras
import numpy as np
import tensorflow as tf

from sepmodels import layers
from sepmodels.course.exercises.exercise import Exercise, noise


def _there_and_back(x, upstream, scale):
    """The output of the layer, and the gradient that it passes down, one above the other."""
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.GradientReversal(scale)(x)
    return np.stack([y, tape.gradient(y, x, output_gradients=upstream)])


def _push(z, w, domain, scale):
    """What a linear classifier's cross-entropy is to the latents behind a reversal."""
    z = tf.convert_to_tensor(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        scores = layers.GradientReversal(scale)(z) @ w[:, None]
        loss = keras.losses.BinaryCrossentropy(from_logits=True)(domain[:, None], scores)
    return tape.gradient(loss, z)


def _alternating(z, w, domain, scale, rate):
    """The classifier learns first, and pushes then."""
    slope = keras.ops.sigmoid(z @ w) - domain
    return _push(z, w - rate * np.mean(slope[:, None] * z, axis=0), domain, scale)


def _climbing(z, w, domain, scale, rate):
    return _alternating(z, w, domain, scale, -rate)


_DOMAIN = np.array([0, 0, 1, 1, 1, 0], "float32")
_Z, _W = noise(6, 3), np.array([0.5, -1.0, 2.0], "float32")

EXERCISES = {
    "13.1": Exercise(
        _there_and_back,
        lambda: [(noise(4, 3), 2 * noise(4, 3)[::-1].copy(), 0.3), (noise(2), noise(2), 2.0)],
        {
            "The way forward is the identity: scale has no business there.": (
                lambda x, upstream, scale: np.stack([scale * x, -scale * upstream])
            ),
            "The way back turns the sign round.": lambda x, upstream, scale: np.stack(
                [x, scale * upstream]
            ),
            "The gradient back is of what comes from above, not of x.": (
                lambda x, upstream, scale: np.stack([x, -scale * x])
            ),
        },
    ),
    "13.2": Exercise(
        _push,
        lambda: [(_Z, _W, _DOMAIN, 0.3), (_Z, -2 * _W, _DOMAIN, 1.5)],
        {
            "The sign of the classifier's own gradient: the layer turns it round.": (
                lambda z, w, domain, scale: -np.asarray(_push(z, w, domain, scale))
            ),
            "Without the scale.": lambda z, w, domain, scale: _push(z, w, domain, 1.0),
            "The loss is a mean: divide by the number of examples.": lambda z, w, domain, scale: (
                len(z) * np.asarray(_push(z, w, domain, scale))
            ),
        },
    ),
    "13.3": Exercise(
        _alternating,
        lambda: [(_Z, _W, _DOMAIN, 0.3, 0.5), (_Z, -_W, _DOMAIN, 1.0, 2.0)],
        {
            "That is the push of the old classifier; it learns first.": (
                lambda z, w, domain, scale, rate: _push(z, w, domain, scale)
            ),
            "The classifier goes down its gradient, not up.": _climbing,
        },
    ),
}
