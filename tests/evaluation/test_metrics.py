"""SDR and SI-SDR: known numbers, and the properties that define them."""

import numpy as np
import pytest

from sepmodels.evaluation import metrics

RATE = 4000


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def orthogonal(reference, seed=1):
    """Noise of the reference's energy that has nothing in common with it."""
    reference, error = np.float64(reference), np.float64(noise(*reference.shape, seed=seed))
    error -= reference * (np.sum(error * reference) / np.sum(reference**2))
    return error * np.sqrt(np.sum(reference**2) / np.sum(error**2))


@pytest.mark.parametrize("decibels", [-10.0, 0.0, 3.0, 40.0])
def test_an_error_of_known_energy_gives_its_ratio(decibels):
    reference = noise(RATE, 2)
    estimate = reference + 10 ** (-decibels / 20) * orthogonal(reference)
    assert metrics.sdr(reference, estimate) == pytest.approx(decibels, abs=1e-9)
    assert metrics.si_sdr(reference, estimate) == pytest.approx(decibels, abs=1e-9)


def test_loudness_counts_for_sdr_and_not_for_si_sdr():
    reference = noise(RATE, 2)
    estimate = reference + 0.1 * orthogonal(reference)
    for gain in (0.01, 0.5, 30.0):
        assert metrics.si_sdr(reference, gain * estimate) == pytest.approx(20.0, abs=1e-9)
    assert metrics.sdr(reference, 0.5 * reference) == pytest.approx(20 * np.log10(2))
    assert metrics.si_sdr(reference, -reference) > 250  # the scale may be negative


def test_channels_are_summed_before_the_ratio():
    left, right = noise(RATE), 3 * noise(RATE, seed=1)
    reference = np.stack([left, right], axis=1)
    estimate = np.stack([left, 0 * right], axis=1)
    expected = 10 * np.log10(1 + np.sum(left**2.0) / np.sum(right**2.0))
    assert metrics.sdr(reference, estimate) == pytest.approx(expected)


def test_si_sdr_fits_one_scale_over_all_channels():
    reference = np.repeat(noise(RATE, 1), 2, axis=1)
    unbalanced = reference * [1.0, 0.5]
    # One scale, 3/4, misses both channels by a quarter.
    assert metrics.si_sdr(reference, unbalanced) == pytest.approx(10 * np.log10(9))  # (3/4 / 1/4)^2


def test_a_perfect_estimate_is_infinite():
    reference = noise(RATE, 1)
    assert metrics.sdr(reference, reference) == np.inf
    assert metrics.si_sdr(reference, reference) == np.inf


@pytest.mark.parametrize("metric", [metrics.sdr, metrics.si_sdr])
def test_silence_on_either_side_is_nan(metric):
    sound, silence = noise(RATE, 2), np.zeros((RATE, 2), "float32")
    opposite = np.stack([sound[:, 0], -sound[:, 0]], axis=1)  # museval counts this as silent
    for quiet in (silence, opposite):
        assert np.isnan(metric(quiet, sound))
        assert np.isnan(metric(sound, quiet))


def test_windows_are_scored_one_by_one():
    reference = noise(3 * RATE + RATE // 2, 1)
    estimate = reference.copy()
    estimate[:RATE] *= 0.9
    estimate[RATE : 2 * RATE] = 0
    estimate[2 * RATE :] *= 0.99
    scores = metrics.sdr_per_window(reference, estimate, RATE)
    np.testing.assert_allclose(scores, [20, np.nan, 40], atol=1e-4)


@pytest.mark.parametrize(
    "length, window, hop, expected",
    [
        (3500, 1.0, 1.0, [(0, 1000), (1000, 2000), (2000, 3000)]),  # the half second is dropped
        (3000, 1.0, 1.0, [(0, 1000), (1000, 2000), (2000, 3000)]),
        (2000, 1.0, 0.5, [(0, 1000), (500, 1500), (1000, 2000)]),
        (400, 1.0, 1.0, [(0, 400)]),  # a clip shorter than the window is one window
    ],
)
def test_windows(length, window, hop, expected):
    pieces = metrics.split_windows(length, 1000, window, hop)
    assert [(piece.start, piece.stop) for piece in pieces] == expected


@pytest.mark.parametrize(
    "reference, estimate, words",
    [
        (np.ones((9, 2)), np.ones((9, 1)), r"\(9, 1\), \(9, 2\)"),
        (np.ones((9, 1)), np.ones((8, 1)), r"\(8, 1\), \(9, 1\)"),
        (np.ones((0, 1)), np.ones((0, 1)), "not empty"),
        (np.ones((9, 1)), np.full((9, 1), np.nan), "estimate holds NaN"),
        (np.full((9, 1), np.inf), np.ones((9, 1)), "reference holds NaN or infinite"),
    ],
)
def test_bad_signals_are_refused(reference, estimate, words):
    for metric in (metrics.sdr, metrics.si_sdr):
        with pytest.raises(ValueError, match=words):
            metric(reference, estimate)


def test_bad_windows_are_refused():
    reference = noise(RATE, 1)
    with pytest.raises(ValueError, match=r"in seconds. Received: hop=0"):
        metrics.sdr_per_window(reference, reference, RATE, hop=0)


def test_fit_cuts_or_pads_with_silence():
    stereo = noise(5, 2)
    np.testing.assert_array_equal(metrics.fit(stereo, 3), stereo[:3])
    np.testing.assert_array_equal(metrics.fit(stereo, 7)[:5], stereo)
    assert not metrics.fit(stereo, 7)[5:].any() and metrics.fit(stereo[:, 0], 7).shape == (7,)
