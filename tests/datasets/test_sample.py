"""The real song that every user has."""

import importlib.util
import sys

import numpy as np
import pytest

from sepmodels.datasets.corpora import lithium, sample


@pytest.fixture(scope="module")
def song():
    return sample.load()


def test_the_clip_is_six_seconds_of_stereo_with_voice_and_band(song):
    assert song.sources == ("vocals", "accompaniment")
    assert (song.sample_rate, song.channels, song.length) == (44100, 2, 268288)
    for samples in song.stems.values():
        assert 0.05 < np.sqrt(np.mean(samples**2)) < 0.5


def test_the_mixture_is_the_sum_and_the_band_is_the_sum_of_its_parts(song):
    four = sample.load(stems=4)
    assert four.sources == ("vocals", "drums", "bass", "other")
    band = sum(four.stems[source] for source in ("drums", "bass", "other"))
    np.testing.assert_allclose(song.stems["accompaniment"], band, atol=1e-6)
    np.testing.assert_allclose(song.mixture, band + song.stems["vocals"], atol=1e-6)
    np.testing.assert_allclose(four.mixture, song.mixture, atol=1e-6)


def test_the_shipped_mixture_is_nearly_the_sum(song):
    shipped = sample.load(mixture="shipped").mixture
    error = np.sum((shipped - song.mixture) ** 2)
    assert 10 < 10 * np.log10(np.sum(shipped**2) / error) < 20  # mastered: 15.4 dB


def test_needs_no_ffmpeg_and_does_not_import_stempeg(no_ffmpeg, song):
    sample.load()
    assert "stempeg" not in sys.modules


def test_a_song_in_the_public_domain_takes_the_place_of_the_clip(monkeypatch, song):
    monkeypatch.setattr(sample, "_find_clip", None)  # the clip is not needed
    monkeypatch.setenv("SEPMODELS_SAMPLE", "lithium")
    free, whole = sample.load(), lithium.load()
    assert free.name == "Software-Entwicklungskit - Lithium, 14 s to 20 s"
    assert (free.sample_rate, free.channels, free.length) == (44100, 2, song.length)
    start = 14 * free.sample_rate
    expected = whole.read(start, start + free.length)
    for source, samples in free.stems.items():
        np.testing.assert_array_equal(samples, expected[source])
    assert sample.load(stems=4).sources == ("vocals", "drums", "bass", "other")
    monkeypatch.setenv("SEPMODELS_SAMPLE", "bach")
    with pytest.raises(ValueError, match="SEPMODELS_SAMPLE='bach'"):
        sample.load()


def test_bad_arguments_and_a_missing_package(monkeypatch):
    with pytest.raises(ValueError, match="stems=3"):
        sample.load(stems=3)
    with pytest.raises(ValueError, match="mixture='live'"):
        sample.load(mixture="live")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install stempeg"):
        sample.load()
