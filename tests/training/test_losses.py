import keras
import numpy as np
import pytest

import sepmodels as sm
from sepmodels.training.losses import LOSSES


def waves(seed):
    return np.random.default_rng(seed).normal(size=(3, 50, 1, 2)).astype("float32")


def test_l1_and_mse_are_means_per_example():
    target, estimate = waves(0), waves(1)
    difference = (target - estimate).reshape(3, -1)
    for loss, expected in ((sm.losses.l1, np.abs(difference)), (sm.losses.mse, difference**2)):
        np.testing.assert_allclose(loss(target, estimate), expected.mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_computes_in_the_type_of_the_estimate(name):
    estimate = waves(1)
    if name == "mu_law_cross_entropy":
        estimate = np.repeat(estimate[..., None], 256, axis=-1)
    target = np.abs(waves(0))
    expected = LOSSES[name](target, estimate)
    for form in (target.astype("float64"), target.astype("float64").tolist()):
        loss = LOSSES[name](form, estimate)
        assert keras.backend.standardize_dtype(loss.dtype) == "float32"
        np.testing.assert_array_equal(loss, expected)


def test_negative_snr_is_the_negative_sdr():
    target, estimate = waves(0), waves(0) + 0.3 * waves(1)
    expected = [
        np.mean([sm.metrics.sdr(t[..., s], e[..., s]) for s in range(2)])
        for t, e in zip(target, estimate, strict=True)
    ]
    loss = sm.losses.negative_snr(target, estimate, ceiling=100.0)
    np.testing.assert_allclose(-np.asarray(loss), expected, atol=1e-3)


def test_negative_snr_saturates_at_its_ceiling_and_is_finite_for_silence():
    target = waves(0)
    np.testing.assert_allclose(sm.losses.negative_snr(target, target), -30.0, atol=1e-2)
    silent = np.zeros_like(target)
    soft, loud = (np.asarray(sm.losses.negative_snr(silent, g * target)) for g in (0.01, 0.1))
    assert np.isfinite(soft).all()
    assert (soft < loud).all()


def squared(estimate, target):
    return np.sum((estimate.astype("float64") - target) ** 2)


def dsd100(true, guess):
    """The paper's loss of a batch of four sources, written out."""
    trained, alpha, beta, beta_vocals = ("vocals", "bass", "drums"), 0.001, 0.01, 0.03
    own = sum(squared(guess[s], true[s]) for s in trained)
    cross = sum(squared(guess[s], true[t]) for s in trained for t in trained if s != t)
    other = sum(squared(guess[s], true["other"]) for s in ("bass", "drums"))
    vocals = squared(guess["vocals"], true["other"])
    return abs(own - alpha * cross - beta * other - beta_vocals * vocals)


def ikala(true, guess):
    """The paper's loss of a batch of two sources, written out."""
    own = squared(guess["vocals"], true["vocals"])
    other = squared(guess["accompaniment"], true["accompaniment"])
    return abs(own + 0.9 * other - 0.02 * squared(guess["vocals"], true["accompaniment"]))


@pytest.mark.parametrize("near", [1.0, 1e-3])  # so near that it is below zero without its abs
@pytest.mark.parametrize(
    ("written_out", "sources"),
    [(dsd100, ("vocals", "bass", "drums", "other")), (ikala, ("vocals", "accompaniment"))],
)
def test_deep_conv_sep_sums_to_the_loss_of_the_paper(written_out, sources, near):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(3, 30, 8, 1, len(sources))).astype("float32")
    estimate = target + near * rng.normal(size=target.shape).astype("float32")
    shares = np.asarray(sm.losses.get("deep_conv_sep")(target, estimate))
    true = {source: target[..., index] for index, source in enumerate(sources)}
    guess = {source: estimate[..., index] for index, source in enumerate(sources)}
    assert shares.shape == (3,)
    assert shares.sum() > 0
    np.testing.assert_allclose(shares.sum(), written_out(true, guess), rtol=1e-4)


def test_deep_conv_sep_ignores_the_estimate_of_other():
    target = np.random.default_rng(0).normal(size=(2, 6, 5, 1, 4)).astype("float32")
    estimate = np.abs(target)
    changed = estimate + np.array([0.0, 0.0, 0.0, 9.0], "float32")
    first, second = (sm.losses.deep_conv_sep(target, x) for x in (estimate, changed))
    np.testing.assert_array_equal(first, second)


def test_deep_conv_sep_requires_two_or_four_sources():
    with pytest.raises(ValueError, match=r"Received: shape=\(1, 2, 3\)"):
        sm.losses.deep_conv_sep(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)))


def test_discriminative_l1_by_hand():
    target, estimate = waves(0), waves(1)
    loss = sm.losses.get("discriminative_l1")
    own, other = (
        np.abs(estimate[..., 0] - target[..., s]).reshape(3, -1).mean(axis=1) for s in (0, 1)
    )
    np.testing.assert_allclose(loss(target, estimate), own - 0.05 * other, rtol=1e-5)
    rest = estimate + np.array([0.0, 9.0], "float32")  # the second estimate is not looked at
    np.testing.assert_array_equal(loss(target, rest), loss(target, estimate))
    assert np.all(np.asarray(loss(target, target)) < 0)


def test_discriminative_l1_requires_two_sources():
    with pytest.raises(ValueError, match=r"Received: shape=\(1, 2, 3\)"):
        sm.losses.discriminative_l1(np.zeros((1, 2, 3)), np.zeros((1, 2, 3)))


def test_unknown_loss_is_named():
    with pytest.raises(ValueError, match="loss='l3'"):
        sm.losses.get("l3")
