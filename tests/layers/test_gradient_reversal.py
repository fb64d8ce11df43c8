import keras
import numpy as np
import pytest
import tensorflow as tf

from sepmodels.layers.gradient_reversal import GradientReversal


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("scale", [0.0, 0.01, 1.0])
def test_identity_forward_reversed_backward(scale):
    x, weight = tf.constant(noise(4, 3)), noise(4, 3, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = GradientReversal(scale)(x)
        loss = tf.reduce_sum(weight * y)
    np.testing.assert_array_equal(y, x)  # the scale does not touch it
    np.testing.assert_allclose(tape.gradient(loss, x), -scale * weight, rtol=1e-6)


def test_classifier_learns_while_encoder_unlearns():
    x, labels = noise(16, 5), noise(16, 2, seed=1)
    start, moves = None, []
    for reversal in (None, GradientReversal(0.25)):
        inputs = keras.Input((5,))
        latent = keras.layers.Dense(3)(inputs)
        latent = latent if reversal is None else reversal(latent)
        model = keras.Model(inputs, keras.layers.Dense(2)(latent))
        start = start or model.get_weights()
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, labels)
        moves.append([new - old for new, old in zip(model.get_weights(), start, strict=True)])
    ordinary, reversed_ = moves
    for there, back in zip(ordinary[:2], reversed_[:2], strict=True):
        np.testing.assert_allclose(back, -0.25 * there, atol=1e-6)
    for there, back in zip(ordinary[2:], reversed_[2:], strict=True):
        np.testing.assert_allclose(back, there, atol=1e-6)


def test_negative_scale_is_named():
    with pytest.raises(ValueError, match="scale=-1"):
        GradientReversal(-1)
