import keras
import numpy as np
import pytest

from sepmodels.layers import STFT, InverseSTFT


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("time", [1, 7, 16, 100])
def test_inverse_takes_the_length_of_its_last_input(time):
    wave = noise(2, time, 3)
    transform = {"n_fft": 16, "hop_length": 4}
    again = InverseSTFT(**transform)((*STFT(**transform)(wave), wave[..., :1]))
    np.testing.assert_allclose(again, wave, atol=1e-5)


def test_channels_are_independent():
    wave = noise(1, 64, 2)
    silenced = wave * np.array([1.0, 0.0], "float32")
    both, one = STFT(16, 4)(wave)[0], STFT(16, 4)(silenced)[0]
    np.testing.assert_array_equal(both[..., 0], one[..., 0])
    assert not np.any(one[..., 1])


def test_unknown_window_raises_when_made():
    with pytest.raises(ValueError, match="boxy"):
        STFT(window="boxy")


def test_gradient_of_the_round_trip_is_the_identity():
    import tensorflow as tf

    wave, weight = tf.constant(noise(1, 50, 1)), tf.constant(noise(1, 50, 1))
    with tf.GradientTape() as tape:
        tape.watch(wave)
        again = InverseSTFT(16, 4)((*STFT(16, 4)(wave), wave))
        total = keras.ops.sum(again * weight)
    np.testing.assert_allclose(tape.gradient(total, wave), weight, atol=1e-5)
