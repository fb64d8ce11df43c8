import keras
import numpy as np
import pytest

from sepmodels.layers.resampling import Decimate, Upsample


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def steps(*values):
    return np.array(values, "float32").reshape(1, -1, 1)


def listed(x):
    return np.array(x).ravel().tolist()


def test_decimation_keeps_the_first_of_two():
    assert listed(Decimate()(steps(0, 1, 2, 3, 4))) == [0, 2, 4]
    assert listed(Decimate()(steps(0, 1, 2, 3))) == [0, 2]
    assert listed(Decimate()(steps(7))) == [7]


# By hand. Half-pixel centres would give [0, 1, 3, 3.5, 2.5, 2] for the first.
BY_HAND = [
    ("linear", "same", [0, 2, 4, 3, 2, 2]),
    ("linear", "valid", [0, 2, 4, 3, 2]),
    ("nearest", "same", [0, 0, 4, 4, 2, 2]),
    ("nearest", "valid", [0, 0, 4, 4, 2]),
    ("learned", "same", [0, 2, 4, 3, 2, 1]),
    ("learned", "valid", [0, 2, 4, 3, 2]),
]


@pytest.mark.parametrize(("method", "padding", "expected"), BY_HAND)
def test_upsampling_by_hand(method, padding, expected):
    assert listed(Upsample(method, padding)(steps(0, 4, 2))) == expected


def test_valid_linear_is_the_line_through_the_steps():
    x = noise(2, 9, 3)
    positions = np.arange(17) / 2
    line = [[np.interp(positions, np.arange(9), channel) for channel in song.T] for song in x]
    expected = np.transpose(line, (0, 2, 1))
    np.testing.assert_allclose(Upsample("linear", "valid")(x), expected, atol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("method", ["linear", "nearest", "learned"])
@pytest.mark.parametrize("time", [1, 2, 7])
def test_decimation_undoes_upsampling(method, padding, time):
    x = noise(2, time, 3)
    np.testing.assert_array_equal(Decimate()(Upsample(method, padding)(x)), x)


def test_learned_weight_is_a_sigmoid_per_channel():
    layer = Upsample("learned", "valid")
    x = noise(1, 5, 3)
    layer(x)
    assert [weight.shape for weight in layer.trainable_weights] == [(3,)]
    layer.omega.assign([-50.0, np.log(3.0), 50.0])  # weights 0, 3/4 and 1
    between = np.array(layer(x))[:, 1::2]
    weight = np.array([0, 0.75, 1])
    np.testing.assert_allclose(between, weight * x[:, :-1] + (1 - weight) * x[:, 1:], atol=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_unknown_time(padding):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, Upsample("linear", padding)(inputs))
    assert model.output_shape == (None, None, 3)
    x = noise(2, 6, 3)
    expected = Upsample("linear", padding)(x)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)


@pytest.mark.parametrize("arguments", [{"method": "cubic"}, {"padding": "causal"}])
def test_bad_argument_is_named(arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=f"{name}='{value}'"):
        Upsample(**arguments)
