"""CCMixter: which file is which, and which songs test."""

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.corpora import ccmixter

TRAIN, TEST, OWN = "tmray_-_Roulette", "copperhead_-_Need_You_Baby", "my own song"
SEEDS = {"mix": 0, "source-01": 1, "source-02": 2}


def noise(name):
    samples = np.random.default_rng(SEEDS[name]).uniform(-0.5, 0.5, (500, 2))
    return samples.astype("float32")


@pytest.fixture
def root(tmp_path):
    for song in (TRAIN, TEST, OWN):
        (tmp_path / song).mkdir()
        for name in SEEDS:
            audio.write(tmp_path / song / f"{name}.wav", noise(name), 44100)
    return tmp_path


def test_source_01_is_the_band_and_source_02_the_voice(root):
    song = ccmixter.load(root, "test")[0]
    np.testing.assert_array_equal(song.stems["accompaniment"], noise("source-01"))
    np.testing.assert_array_equal(song.stems["vocals"], noise("source-02"))
    np.testing.assert_array_equal(song.mixture, noise("source-02") + noise("source-01"))
    shipped = ccmixter.load(root, "test", mixture="shipped")[0]
    np.testing.assert_array_equal(shipped.mixture, noise("mix"))


def test_splits_and_labels(root):
    assert [track.name for track in ccmixter.load(root)] == sorted([TRAIN, TEST, OWN])
    assert [track.split for track in ccmixter.load(root)] == ["test", None, "train"]
    assert [track.name for track in ccmixter.load(root, "train")] == [TRAIN]
    assert [track.name for track in ccmixter.load(root, "test")] == [TEST]
    assert {track.domain for track in ccmixter.load(root)} == {"ccmixter"}


def test_two_versions_of_a_song_are_one_group(root):
    (root / TRAIN).rename(root / "AlexBeroza_-_To_Be_Sensitive_(with_mindmapthat)")
    (root / OWN).rename(root / "stellarartwars_-_To_Be_Sensitive_(inc_stems)")
    groups = {track.name: track.group for track in ccmixter.load(root)}
    assert len(groups) == 3 and len(set(groups.values())) == 2


def test_wrong_folders_and_arguments(root, tmp_path):
    with pytest.raises(ValueError, match="split='valid'"):
        ccmixter.load(root, "valid")
    with pytest.raises(ValueError, match="mixture='loud'"):
        ccmixter.load(root, mixture="loud")
    (root / TEST / "source-02.wav").unlink()
    with pytest.warns(UserWarning, match=rf"{TEST} has no source-02\.wav.*source-01\.wav"):
        assert len(ccmixter.load(root)) == 2
    with pytest.raises(FileNotFoundError) as why:
        ccmixter.load(root / "gone")
    for words in ("no such folder", "source-01.wav    the instruments", "Creative Commons"):
        assert words in str(why.value)
