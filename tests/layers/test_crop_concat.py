import keras
import numpy as np
import pytest

from sepmodels.layers.crop_concat import CropConcat


def rising(time, channels=1):
    return np.arange(1.0, 1 + time * channels, dtype="float32").reshape(1, time, channels)


def cropped(longer, shorter):
    """The samples of a rising signal that stand beside a shorter signal."""
    joined = CropConcat()((rising(longer), np.zeros((1, shorter, 1), "float32")))
    return np.array(joined[0, :, 0]).tolist()


def test_centre_of_the_skip_stays():
    assert cropped(9, 5) == [3, 4, 5, 6, 7]


def test_odd_sample_is_cut_at_the_end():
    assert cropped(8, 5) == [2, 3, 4, 5, 6]
    assert cropped(6, 5) == [1, 2, 3, 4, 5]


def test_equal_lengths_lose_nothing():
    assert cropped(5, 5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("skip", "x"), [(9, 4), (4, 9), (7, 7), (5, 6)])
def test_skip_comes_first_whichever_is_longer(skip, x):
    length = min(skip, x)
    joined = np.array(CropConcat()((rising(skip, 2), -rising(x, 3))))
    assert joined.shape == (1, length, 5)
    assert (joined[..., :2] > 0).all()
    assert (joined[..., 2:] < 0).all()


@pytest.mark.parametrize(("skip", "x"), [(9, 4), (4, 9)])
def test_unknown_time_is_cropped_alike(skip, x):
    inputs = keras.Input((None, 2)), keras.Input((None, 3))
    model = keras.Model(inputs, CropConcat()(inputs))
    assert model.output_shape == (None, None, 5)
    signals = rising(skip, 2), rising(x, 3)
    np.testing.assert_array_equal(model.predict(signals, verbose=0), CropConcat()(signals))


def test_masks_are_cropped_and_joined():
    skip, x = np.zeros((1, 7, 2)), np.zeros((1, 4, 3))
    long, short = np.array([[1, 1, 0, 1, 1, 1, 1]], bool), np.array([[1, 1, 1, 0]], bool)
    layer = CropConcat()
    np.testing.assert_array_equal(layer.compute_mask((skip, x), (long, short)), [[1, 0, 1, 0]])
    np.testing.assert_array_equal(layer.compute_mask((skip, x), (long, None)), [[1, 0, 1, 1]])
    assert layer.compute_mask((skip, x), (None, None)) is None
