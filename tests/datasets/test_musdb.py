"""MUSDB18 through the package musdb, on a tree made of the one clip that every user has."""

import importlib.util
import pathlib
import pickle
import shutil

import numpy as np
import pytest

from sepmodels.datasets import musdb, sample

VALID = "Actions - One Minute Smile"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("musdb")
    package = importlib.util.find_spec("stempeg").submodule_search_locations[0]
    (clip,) = (pathlib.Path(package) / "data").glob("*.stem.mp4")
    for folder, name in [("train", "A - Song"), ("train", VALID), ("test", "B - Song")]:
        (root / folder).mkdir(exist_ok=True)
        shutil.copy(clip, root / folder / f"{name}.stem.mp4")
    return root


def test_stems_equal_those_of_the_same_file_read_without_ffmpeg(ffmpeg_on_path, root):
    (track,) = musdb.load(root, "test", sources=("vocals", "accompaniment", "drums"))
    assert (track.name, track.length, track.sample_rate) == ("B - Song", 268288, 44100)
    stems, song, four = dict(track.stems), sample.load(), sample.load(stems=4)
    # musdb decodes to 16 bits, which clips what lies beyond full scale
    drums = np.clip(four.stems["drums"], -1, 1)
    np.testing.assert_allclose(stems["drums"], drums, atol=2**-15)
    np.testing.assert_allclose(stems["vocals"], song.stems["vocals"], atol=2**-15)
    error = stems["accompaniment"] - song.stems["accompaniment"]
    assert np.quantile(np.abs(error), 0.999) < 3 * 2**-15


def test_pieces_are_exact_to_the_sample(ffmpeg_on_path, root):
    track = musdb.load(root, "test", sources=("vocals",))[0]
    whole = track.stems["vocals"]
    starts = np.random.default_rng(0).integers(0, track.length - 5000, 12)
    for start, stop in [(0, 1), (1, 1000), (268000, 268288), *((s, s + 4999) for s in starts)]:
        piece = track.read(int(start), int(stop))["vocals"]
        np.testing.assert_array_equal(piece, whole[start:stop])


def test_subsets_and_the_fixed_validation_list(ffmpeg_on_path, root):
    def names(**arguments):
        return [track.name for track in musdb.load(root, **arguments)]

    assert names() == ["A - Song", VALID, "B - Song"]
    assert names(subset="test") == ["B - Song"]
    assert names(subset="train", split="valid") == [VALID]
    assert names(subset="train", split="train") == ["A - Song"]


def test_tracks_pickle(ffmpeg_on_path, root):
    track = pickle.loads(pickle.dumps(musdb.load(root, "test")[0]))
    assert track.read(0, 100)["vocals"].shape == (100, 2)


def test_without_ffmpeg_the_message_says_what_to_install(no_ffmpeg, root):
    with pytest.raises(ImportError, match=r"ffmpeg and ffprobe on PATH.*apt install ffmpeg") as why:
        musdb.load(root)
    assert "\n" not in str(why.value)


def test_bad_arguments(ffmpeg_on_path, root, tmp_path):
    for arguments, words in [
        ({"subset": "valid"}, "subset='valid'"),
        ({"split": "test", "subset": "train"}, "split='test'"),
        ({"split": "valid"}, "subset=None"),
        ({"sources": ["piano"]}, "'piano'"),
    ]:
        with pytest.raises(ValueError, match=words):
            musdb.load(root, **arguments)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        musdb.load(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match=r"holds no train/\*\.stem\.mp4"):
        musdb.load(tmp_path, "train")
