import numpy as np
import pytest

import sepmodels as sm


def waves(seed):
    return np.random.default_rng(seed).normal(size=(3, 50, 1, 2)).astype("float32")


def test_l1_and_mse_are_means_per_example():
    target, estimate = waves(0), waves(1)
    difference = (target - estimate).reshape(3, -1)
    for loss, expected in ((sm.losses.l1, np.abs(difference)), (sm.losses.mse, difference**2)):
        np.testing.assert_allclose(loss(target, estimate), expected.mean(axis=1), rtol=1e-5)


def test_negative_snr_is_the_negative_sdr():
    target, estimate = waves(0), waves(0) + 0.3 * waves(1)
    expected = [
        np.mean([sm.metrics.sdr(t[..., s], e[..., s]) for s in range(2)])
        for t, e in zip(target, estimate, strict=True)
    ]
    loss = sm.losses.negative_snr(target, estimate, ceiling=100.0)
    np.testing.assert_allclose(-np.asarray(loss), expected, atol=1e-3)


def test_negative_snr_stops_at_its_ceiling_and_bears_silence():
    target = waves(0)
    np.testing.assert_allclose(sm.losses.negative_snr(target, target), -30.0, atol=1e-2)
    silent = np.zeros_like(target)
    soft, loud = (np.asarray(sm.losses.negative_snr(silent, g * target)) for g in (0.01, 0.1))
    assert np.isfinite(soft).all()
    assert (soft < loud).all()


def test_unknown_loss_is_named():
    with pytest.raises(ValueError, match="loss='l3'"):
        sm.losses.get("l3")
