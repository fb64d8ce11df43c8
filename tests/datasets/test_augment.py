"""Augmentations: samples stay finite and the mixture is the sum, whatever the arguments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sepmodels import audio
from sepmodels.datasets.segments.augmentation import Augment
from sepmodels.datasets.segments.pipeline import draw_segments
from sepmodels.datasets.segments.sampler import SegmentPlan, SegmentSampler
from sepmodels.datasets.track import Track

RATE = 8000
SOURCES = ("vocals", "accompaniment")
few = settings(max_examples=25, deadline=None, derandomize=True)
fewer = settings(few, max_examples=8)


@st.composite
def stems(draw):
    """Noise of any length and number of channels."""
    shape = draw(st.integers(1, 3000)), draw(st.integers(1, 3))
    return np.random.default_rng(draw(st.integers(0, 99))).uniform(-1, 1, shape).astype("float32")


def intervals(low, high):
    return st.tuples(st.floats(low, high), st.floats(low, high)).map(sorted).map(tuple)


shares = st.sampled_from([0.0, 0.3, 1.0])
augments = st.builds(
    Augment,
    gains=intervals(0.0, 2.0),
    cross_songs=shares,
    swap_channels=shares,
    flip_polarity=shares,
    silence=shares,
    semitones=intervals(-3.0, 3.0),
    tempi=intervals(0.7, 1.4),
    stretched=shares,
)


def songs(lengths=(3000, 900, 2000)):
    """Noisy stereo songs; the last has a silent voice."""
    random = np.random.default_rng(0)
    noise = [{s: random.uniform(-0.4, 0.4, (n, 2)) for s in SOURCES} for n in lengths]
    noise[-1]["vocals"][:] = 0
    return [Track.from_arrays(f"song {i}", waves, RATE) for i, waves in enumerate(noise)]


@few
@given(stems(), st.floats(0.5, 2.0), st.floats(-6.0, 6.0))
def test_stretched_sound_has_the_length_of_its_tempo(stem, tempo, semitones):
    stretched = audio.stretch(stem, tempo, semitones)
    assert stretched.shape == (round(len(stem) / tempo), stem.shape[1])
    assert stretched.dtype == np.float32
    assert np.isfinite(stretched).all()
    assert not audio.stretch(0 * stem, tempo, semitones).any()
    np.testing.assert_array_equal(audio.stretch(stem), stem)


@pytest.mark.parametrize(
    ("tempo", "semitones"), [(1, 3), (1, -0.5), (1.2, 0), (0.8, 0), (1.1, -2), (2, 12)]
)
def test_a_tone_stays_a_tone(tempo, semitones):
    """At the requested pitch, equally loud, and the same in both channels."""
    time = np.arange(16000) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)[:, None] * [[1.0, 0.5]]
    played = audio.stretch(tone, tempo, semitones)
    np.testing.assert_allclose(played[:, 1], played[:, 0] / 2, atol=1e-5)
    middle = played[2048:-2048, 0]  # the vocoder's first and last frame fade
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17))
    pitch = np.argmax(spectrum) * RATE / (1 << 17)
    np.testing.assert_allclose(pitch, 440 * 2 ** (semitones / 12), rtol=1e-3)
    # librosa's vocoder may lose up to 1 dB of a pure tone.
    np.testing.assert_allclose(np.sqrt(2 * np.mean(middle**2)), 0.5, rtol=0.12)


def test_a_click_moves_with_the_tempo():
    click = np.zeros((16000, 1))
    click[8000:8040] = 1
    for tempo in (0.8, 1.25):
        loudest = np.argmax(np.abs(audio.stretch(click, tempo)))
        np.testing.assert_allclose(loudest, 8000 / tempo, atol=600)


def test_a_tempo_of_zero_is_refused():
    with pytest.raises(ValueError, match="tempo=0"):
        audio.stretch(np.zeros((100, 1)), tempo=0)


@few
@given(augments, st.integers(0, 1000))
def test_plans_lie_within_the_songs_and_intervals(augment, number):
    tracks = songs()
    parts = SegmentSampler(tracks, 1000, SOURCES, augment, seed=1)(number)
    assert all(len(part) == 2 for part in parts)
    for track, start, stop in zip(parts.tracks, parts.starts, parts.stops, strict=True):
        assert 0 <= start < stop <= tracks[track].length
    for name, drawn in (
        ("gains", parts.gains),
        ("tempi", parts.tempi),
        ("semitones", parts.semitones),
    ):
        low, high = getattr(augment, name)
        resting = {"tempi": 1, "semitones": 0}.get(name, low)  # of what is not stretched
        assert (((low - 1e-6 <= drawn) & (drawn <= high + 1e-6)) | (drawn == resting)).all()
    assert parts.mutes.sum() <= 1
    if augment.cross_songs == 0:
        for shared in (parts.tracks, parts.starts, parts.stops, parts.tempi, parts.semitones):
            assert len(set(shared.tolist())) == 1


@few
@given(augments, st.integers(0, 1000))
def test_new_augmentations_do_not_change_the_draws_of_older_ones(augment, number):
    """A training without them resumes with the same examples."""
    plain = Augment(augment.gains, augment.cross_songs, augment.swap_channels)
    new, old = (
        SegmentSampler(songs(), 700, SOURCES, one, seed=2)(number) for one in (augment, plain)
    )
    for name in ("tracks", "gains", "swaps"):
        np.testing.assert_array_equal(getattr(new, name), getattr(old, name))


def test_augmentations_apply_to_their_share_of_examples():
    augment = Augment(
        flip_polarity=0.2, silence=0.3, stretched=0.4, semitones=(-2, 2), tempi=(0.8, 1.2)
    )
    draw = SegmentSampler(songs(), 700, SOURCES, augment, seed=0)
    drawn = SegmentPlan(*map(np.stack, zip(*map(draw, range(3000)), strict=True)))
    np.testing.assert_allclose(drawn.flips.mean(axis=0), 0.2, atol=0.03)
    np.testing.assert_allclose(drawn.mutes.mean(axis=0), 0.15, atol=0.03)
    np.testing.assert_allclose(drawn.mutes.any(axis=1).mean(), 0.3, atol=0.03)
    changed = drawn.tempi != 1
    np.testing.assert_array_equal(changed, drawn.semitones != 0)
    np.testing.assert_allclose(changed.mean(), 0.4, atol=0.03)
    for values, wanted in ((drawn.tempi, [0.84, 1.16]), (drawn.semitones, [-1.6, 1.6])):
        found = np.quantile(values[changed], [0.1, 0.9])
        np.testing.assert_allclose(found, wanted, atol=0.05 * (wanted[1] - wanted[0]))


@fewer
@given(augments, st.integers(0, 99))
def test_an_example_follows_its_plan(augment, seed):
    """The pipeline against the functions, one after the other; and the mixture is the sum."""
    tracks = songs()
    batches = draw_segments(tracks, 800, 8, augment=augment, seed=seed)
    mixture, stems = next(iter(batches.as_numpy_iterator()))
    np.testing.assert_array_equal(mixture, stems["vocals"] + stems["accompaniment"])
    for wave in (mixture, *stems.values()):
        assert wave.shape == (8, 800, 2) and wave.dtype == np.float32
    draw = SegmentSampler(tracks, 800, SOURCES, augment, seed)
    for number in range(8):
        parts = draw(number)
        for s, source in enumerate(SOURCES):
            stem = tracks[parts.tracks[s]].stems[source][parts.starts[s] : parts.stops[s]]
            stem = audio.stretch(stem, parts.tempi[s], parts.semitones[s])[:800]
            stem = stem[:, ::-1] if parts.swaps[s] else stem
            stem = -stem if parts.flips[s] else stem
            stem = 0 * stem if parts.mutes[s] else stem
            stem = np.pad(parts.gains[s] * stem, ((0, 800 - len(stem)), (0, 0)))
            np.testing.assert_allclose(stems[source][number], stem, atol=1e-6)
            if parts.mutes[s] or (source, parts.tracks[s]) == ("vocals", 2):
                assert not stems[source][number].any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"gains": (1.0, 0.5)}, "gains"),
        ({"gains": (-1.0, 0.5)}, "gains"),
        ({"semitones": (1.0, -1.0)}, "semitones"),
        ({"tempi": (0.0, 1.0)}, "tempi"),
        ({"tempi": (1.2, 1.1)}, "tempi"),
        ({"cross_songs": 1.1}, "cross_songs=1.1"),
        ({"swap_channels": -0.1}, "swap_channels=-0.1"),
        ({"flip_polarity": 2}, "flip_polarity=2"),
        ({"silence": float("nan")}, "silence=nan"),
        ({"stretched": -1}, "stretched=-1"),
    ],
)
def test_bad_numbers(arguments, words):
    with pytest.raises(ValueError, match=words):
        Augment(**arguments)
