"""Windows that are cut and joined unchanged give the stream that was cut."""

import numpy as np
import pytest

from sepmodels.separation.windows import Windows


@pytest.mark.parametrize(
    "size, output, step", [(1, 1, 1), (8, 8, 8), (8, 8, 5), (8, 8, 1), (9, 5, 5)]
)
@pytest.mark.parametrize("length", [1, 4, 8, 9, 31])
@pytest.mark.parametrize("block", [1, 7, 100])
def test_cut_and_joined_is_the_stream(size, output, step, length, block):
    stream = np.random.default_rng(0).normal(size=(length, 2)).astype("float32")
    windows = Windows(size, output, step)
    blocks = (stream[start : start + block] for start in range(0, length, block))
    cut = list(windows.cut(blocks, channels=2))
    left = (size - output) // 2
    joined = np.concatenate(list(windows.join(window[left : left + output] for window in cut)))
    assert all(window.shape == (size, 2) for window in cut)
    assert len(cut) == 1 + max(0, -(-(length - output) // step))  # not one more than needed
    np.testing.assert_allclose(joined[:length], stream, atol=1e-6)
    np.testing.assert_array_equal(joined[length:], 0)


def test_cross_fade_is_linear_between_two_windows():
    windows = Windows(size=8, output=8, step=4)
    joined = np.concatenate(list(windows.join([np.zeros((8, 1)), np.ones((8, 1))])))[:, 0]
    np.testing.assert_allclose(joined, [0, 0, 0, 0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1, 1, 1])


def test_windows_that_leave_gaps_are_refused():
    with pytest.raises(ValueError, match="step=9"):
        Windows(size=8, output=8, step=9)
