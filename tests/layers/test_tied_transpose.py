import keras
import numpy as np
import pytest
import tensorflow as tf

from sepmodels.layers.tied_transpose import TiedTranspose


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear(form="wide"):
    kernel, strides = {"wide": ((2, 3), (1, 1)), "strided": ((1, 4), (1, 3))}[form]
    return keras.layers.Conv2D(5, kernel, strides, use_bias=False)


@pytest.mark.parametrize("form", ["wide", "strided"])
@pytest.mark.parametrize("bins", [8, 10, 11])
def test_it_is_the_transpose_of_the_convolution(form, bins):
    encode, like = linear(form), noise(2, 4, bins, 3)
    encoded = np.asarray(encode(like))
    features = noise(*encoded.shape, seed=1)
    back = np.asarray(TiedTranspose(encode)((features, like)))
    assert back.shape == like.shape
    np.testing.assert_allclose((encoded * features).sum(), (like * back).sum(), rtol=1e-4)


def test_it_is_the_gradient_of_the_convolution():
    encode, like = linear("strided"), tf.constant(noise(2, 4, 11, 3))
    with tf.GradientTape() as tape:
        tape.watch(like)
        encoded = encode(like)
    features = noise(*encoded.shape, seed=1)
    gradient = tape.gradient(encoded, like, output_gradients=tf.constant(features))
    np.testing.assert_allclose(TiedTranspose(encode)((features, like)), gradient, atol=1e-5)


def test_kernel_is_shared_and_learns_from_both_sides():
    encode, like = linear(), noise(2, 4, 8, 3)
    decode = TiedTranspose(encode)
    encoded = encode(like)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(decode((tf.stop_gradient(encoded), like)) ** 2)
    assert [id(weight) for weight in decode.weights] == [id(encode.kernel)]
    assert np.all(np.asarray(tape.gradient(loss, encode.kernel.value)) != 0)
    encode.kernel.assign(0 * encode.kernel)
    assert not np.any(decode((encoded, like)))


def test_bias_belongs_to_the_encoder_alone():
    biased = keras.layers.Conv2D(5, (2, 3), bias_initializer="ones")
    like = np.zeros((1, 4, 8, 3), "float32")
    assert np.all(biased(like) == 1)
    assert not np.any(TiedTranspose(biased)((np.zeros((1, 3, 6, 5), "float32"), like)))


def test_the_kernel_is_still_shared_after_loading(tmp_path):
    inputs = keras.Input((None, 8, 3))
    encode = linear()
    model = keras.Model(inputs, TiedTranspose(encode, name="back")((encode(inputs), inputs)))
    model.save(tmp_path / "tied.keras")
    again = keras.saving.load_model(tmp_path / "tied.keras")
    assert again.get_layer("back").convolution is again.layers[1]
    assert again.count_params() == model.count_params() == 2 * 3 * 3 * 5
    np.testing.assert_allclose(again(noise(1, 4, 8, 3)), model(noise(1, 4, 8, 3)), atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (keras.layers.Dense(4), "Dense"),
        (keras.layers.Conv1D(4, 3, padding="same"), "padding='same'"),
        (keras.layers.Conv1D(4, 3, dilation_rate=2), r"dilation_rate=\(2,\)"),
        (keras.layers.Conv1D(4, 3, groups=2), "groups=2"),
    ],
)
def test_bad_convolution_is_named(layer, named):
    with pytest.raises(ValueError, match=named):
        TiedTranspose(layer)
