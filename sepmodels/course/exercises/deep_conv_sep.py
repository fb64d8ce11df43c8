"""Exercises of notebook 23."""

import keras
import numpy as np

from sepmodels import layers
from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.training import losses


def _transposed(features, kernel):
    """The transposed convolution of features; neither has a batch axis."""
    length, inputs, filters = kernel.shape
    encode = keras.layers.Conv1D(filters, length, use_bias=False)
    like = np.zeros((1, len(features) + length - 1, inputs), "float32")
    decode = layers.TiedTranspose(encode)
    decode.build((features[None].shape, like.shape))
    encode.kernel.assign(kernel)
    return decode((features[None], like))[0]


def _loss(target, estimate):
    return np.sum(losses.deep_conv_sep(target, estimate))


def _weighed(target, estimate, own=(1.0, 0.9), other=0.02):
    square = [np.sum((estimate[..., s] - target[..., s]) ** 2) for s in (0, 1)]
    apart = np.sum((estimate[..., 0] - target[..., 1]) ** 2)
    return own[0] * square[0] + own[1] * square[1] - other * apart


def _magnitudes(error):
    target = np.abs(noise(2, 3, 4, 2))
    return target, target + error * noise(2, 3, 4, 2)[::-1]


EXERCISES = {
    "23.1": Exercise(
        _transposed,
        lambda: [(noise(4, 3), noise(5, 2, 3)), (noise(1, 2), noise(3, 1, 2))],
        {
            "The kernel is reversed in time; a transposed convolution does not reverse it.": (
                lambda features, kernel: _transposed(features, kernel[::-1])
            ),
        },
    ),
    "23.2": Exercise(
        _loss,
        lambda: [_magnitudes(0.5), _magnitudes(0.01)],
        {
            "Near the true sources the sum is negative: the absolute value is missing.": _weighed,
            "The loss is a sum over all bins, not a mean.": lambda target, estimate: (
                abs(_weighed(target, estimate)) / target[..., 0].size
            ),
            "The weight of the accompaniment is 0.9, not 1.": lambda target, estimate: abs(
                _weighed(target, estimate, own=(1.0, 1.0))
            ),
            "The last term is subtracted: the estimate should differ from the other source.": (
                lambda target, estimate: abs(_weighed(target, estimate, other=-0.02))
            ),
        },
    ),
}
