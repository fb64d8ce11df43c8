import keras
import numpy as np
import pytest

from sepmodels.layers.cross_fade import CrossFade


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(("length", "step"), [(30, 5), (6, 2), (4, 4), (5, 1)])
@pytest.mark.parametrize("time", [1, 4, 29, 31])
def test_identity_leaves_any_length_as_it_is(length, step, time):
    x = noise(2, time, 3)
    np.testing.assert_allclose(CrossFade(keras.layers.Identity(), length, step)(x), x, atol=1e-6)


class Stamp(keras.layers.Layer):
    """Says in which window a step is: each window returns its first entry everywhere."""

    def call(self, inputs):
        return keras.ops.zeros_like(inputs) + inputs[:, :1]


def test_each_window_is_faded_in_over_those_before():
    length, step, time = 6, 2, 14
    expected = np.zeros(time)
    ramp = np.minimum(1.0, (np.arange(length) + 0.5) / 4)
    for start in range(0, time - length + 1, step):
        here = slice(start, start + length)
        expected[here] += ramp * (start - expected[here])
    stream = np.arange(time, dtype="float32")[None, :, None]
    faded = np.asarray(CrossFade(Stamp(), length, step)(stream))[0, :, 0]
    # The first window is faded in over nothing, where weights that sum to one differ.
    np.testing.assert_allclose(faded[length - step :], expected[length - step :], atol=1e-5)
    np.testing.assert_allclose(faded[:step], 0, atol=1e-6)


@pytest.mark.parametrize(("length", "step", "time"), [(6, 2, 14), (30, 5, 93), (4, 4, 9)])
def test_the_endpoint_ramp_is_that_of_the_published_code(length, step, time):
    """The first window as it is, then each blended in by `linspace(0, 1)`, and one more at last."""
    count = 2 + -(-max(0, time - length) // step)
    stream = 1.0 + np.arange(time, dtype="float32")
    padded = np.pad(stream, (0, count * step + length))
    expected = np.zeros(len(padded))
    ramp = np.concatenate([np.linspace(0, 1, length - step), np.ones(step)])
    expected[:length] = padded[0]
    for start in range(step, count * step, step):
        here = slice(start, start + length)
        expected[here] += ramp * (padded[start] - expected[here])
    faded = CrossFade(Stamp(), length, step, ramp="endpoint")(stream[None, :, None])
    np.testing.assert_allclose(np.asarray(faded)[0, :, 0], expected[:time], rtol=1e-5, atol=1e-5)


def test_windows_are_as_many_as_needed_and_end_in_zeros():
    seen = []

    class Spy(keras.layers.Layer):
        def call(self, inputs):
            seen.append(np.asarray(inputs)[..., 0])
            return inputs

    layer = CrossFade(Spy(), length=4, step=2)
    for time in (1, 4, 5, 6, 7):
        layer(1.0 + np.arange(time, dtype="float32")[None, :, None])
    assert [len(windows) for windows in seen] == [1, 1, 2, 2, 3]
    np.testing.assert_array_equal(seen[2], [[1, 2, 3, 4], [3, 4, 5, 0]])


def test_unknown_ramp_is_named():
    with pytest.raises(ValueError, match="ramp='cosine'"):
        CrossFade(keras.layers.Identity(), length=30, step=5, ramp="cosine")


def test_step_must_divide_length():
    with pytest.raises(ValueError, match="step=4, length=30"):
        CrossFade(keras.layers.Identity(), length=30, step=4)
