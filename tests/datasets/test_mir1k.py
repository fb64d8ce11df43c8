"""MIR-1K: the names, the channels, and splits that share nothing."""

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.corpora import mir1k, splits

ROWS = splits.read("mir1k")
# one clip that trains, one that only the disjoint protocol trains on, one that validates, one
# that the table does not list though it lists other clips of the song
CLIPS = ["abjones_5_08", "bobon_3_01", "ariel_2_01", "bobon_3_99"]


def put(folder, clips=CLIPS, suffix="wav"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, clip in enumerate(clips):
        samples = np.random.default_rng(number).uniform(-0.5, 0.5, (100, 2))
        audio.write(folder / f"{clip}.{suffix}", samples, 16000)
    return folder


def names(tracks):
    return [track.name for track in tracks]


def test_left_is_the_band_and_right_the_voice(tmp_path):
    put(tmp_path / "MIR-1K" / "Wavfile")
    tracks = mir1k.load(tmp_path)
    assert names(tracks) == sorted(CLIPS)
    song = tracks[names(tracks).index("abjones_5_08")]
    both, _ = audio.read(tmp_path / "MIR-1K" / "Wavfile" / "abjones_5_08.wav")
    np.testing.assert_array_equal(song.stems["accompaniment"], both[:, :1])
    np.testing.assert_array_equal(song.stems["vocals"], both[:, 1:])
    np.testing.assert_array_equal(song.mixture, both.sum(axis=1, keepdims=True))


def test_the_group_is_the_backing_even_of_unlisted_clips(tmp_path):
    groups = {track.name: track.group for track in mir1k.load(put(tmp_path))}
    assert groups["bobon_3_01"] == groups["bobon_3_99"] == "tammy_1"


def test_splits_of_both_protocols(tmp_path):
    put(tmp_path / "some", CLIPS[:2], "flac")
    put(tmp_path / "more", CLIPS[2:], "ogg")
    assert names(mir1k.load(tmp_path, "train")) == ["abjones_5_08"]
    assert names(mir1k.load(tmp_path, "test")) == ["ariel_2_01", "bobon_3_01", "bobon_3_99"]
    assert names(mir1k.load(tmp_path, "valid", "disjoint")) == ["ariel_2_01"]
    assert names(mir1k.load(tmp_path, "train", "disjoint")) == ["abjones_5_08", "bobon_3_01"]
    parts = [track.split for track in mir1k.load(tmp_path, protocol="disjoint")]
    assert parts == ["train", "valid", "train", None]
    assert {track.split for track in mir1k.load(tmp_path)} == {"train", "test"}


def test_the_published_split_is_the_two_singers():
    assert {row["singer"] for row in ROWS if row["published"] == "train"} == {"abjones", "amy"}
    assert sum(row["published"] == "train" for row in ROWS) == 175
    assert {row["published"] for row in ROWS} == {"train", "test"}


def test_the_table_is_consistent():
    assert len({row["clip"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["clip"].startswith(row["song"] + "_")
        assert row["song"].startswith(row["singer"] + "_")


def test_the_spoken_lyrics_of_the_original_are_left_out(tmp_path):
    put(tmp_path / "Wavfile")
    put(tmp_path / "LyricsWav")
    assert len(mir1k.load(tmp_path)) == len(CLIPS)


def test_wrong_folders_and_arguments(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone: there is no such folder"):
        mir1k.load(tmp_path / "gone")
    with pytest.raises(FileNotFoundError) as why:
        mir1k.load(tmp_path)
    for words in ("holds no songs", "Wavfile/abjones_1_01.wav", "state no licence"):
        assert words in str(why.value)
    put(tmp_path / "a", CLIPS[:1])
    with pytest.raises(FileNotFoundError, match="'test'"):
        mir1k.load(tmp_path, "test")
    with pytest.raises(ValueError, match="split='valid'"):
        mir1k.load(tmp_path, "valid")
    with pytest.raises(ValueError, match="'secret'"):
        mir1k.load(tmp_path, protocol="secret")
    put(tmp_path / "b", CLIPS[:1], "flac")
    with pytest.raises(ValueError, match=r"abjones_5_08 is there twice"):
        mir1k.load(tmp_path)
