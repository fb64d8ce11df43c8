"""Filters by estimates: what they keep, and that their stems are the mixture."""

import numpy as np
import pytest

from sepmodels.signal import apply_multichannel_wiener, apply_shared_masks


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, shape).astype("float32")


@pytest.mark.parametrize("time", [1, 1000, 5000])
@pytest.mark.parametrize("channels", [1, 2])
def test_stems_sum_to_the_mixture(time, channels):
    mixture, estimates = noise(time, channels), noise(time, 3, channels, seed=1)
    for stems in (
        apply_shared_masks(estimates[..., :1], mixture),
        apply_multichannel_wiener(estimates, mixture),
    ):
        assert stems.shape == (time, 3, channels) and stems.dtype == "float32"
        np.testing.assert_allclose(stems.sum(axis=1), mixture, atol=2e-4)


def test_silence_stays_silent():
    mixture, nothing = np.zeros((3000, 2)), np.zeros((3000, 2, 2))
    np.testing.assert_allclose(apply_multichannel_wiener(nothing, mixture), 0, atol=1e-6)
    np.testing.assert_allclose(apply_shared_masks(nothing[..., :1], mixture), 0, atol=1e-6)


def test_one_channel_gets_the_share_of_the_power():
    """With estimates in the ratio 2 to 1 everywhere, the powers are as 4 to 1."""
    mixture = noise(5000, 1)
    stems = apply_multichannel_wiener(np.stack([2 / 3 * mixture, 1 / 3 * mixture], axis=1), mixture)
    np.testing.assert_allclose(stems[:, 0], 0.8 * mixture, atol=1e-4)


def test_true_stems_at_two_positions_nearly_stay():
    truth = np.stack([noise(9000, 1) * [1, 0.2], noise(9000, 1, seed=1) * [0.3, 1]], axis=1)
    stems = apply_multichannel_wiener(truth, truth.sum(axis=1))
    assert np.square(stems - truth).sum() < 0.01 * np.square(truth).sum()
