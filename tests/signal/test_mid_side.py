import numpy as np
import pytest

from sepmodels import signal


@pytest.mark.parametrize("axis", [1, -1])
def test_decoding_undoes_encoding(axis):
    x = np.random.default_rng(0).normal(size=(3, 2, 2)).astype("float32")
    again = signal.decode_mid_side(signal.encode_mid_side(x, axis), axis)
    np.testing.assert_allclose(again, x, atol=1e-6)


def test_what_both_channels_share_is_mid():
    encoded = np.asarray(signal.encode_mid_side(np.array([[2.0, 2.0], [1.0, -1.0]])))
    np.testing.assert_array_equal(encoded, [[2.0, 0.0], [0.0, 1.0]])
