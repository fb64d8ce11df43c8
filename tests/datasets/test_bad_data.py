"""Unusable songs in the folders of users are named and left out; the others load."""

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets import describe
from sepmodels.datasets.corpora import ccmixter, mir1k, musdb, wav_folder

RATE = 8000
STEMS = ("vocals", "drums", "bass", "other", "mixture")


def put(folder, length=400, rate=RATE, channels=1, scale=0.5, files=("vocals", "accompaniment")):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(files):
        samples = np.random.default_rng(number).uniform(-scale, scale, (length, channels))
        audio.write(folder / f"{name}.wav", samples, rate)


def missing(song):
    (song / "vocals.wav").unlink()


def shorter(song):
    put(song, length=399, files=["vocals"])


def other_rate(song):
    put(song, rate=16000, files=["vocals"])


def other_channels(song):
    put(song, channels=2, files=["vocals"])


def not_audio(song):
    (song / "vocals.wav").write_text("these are words")


def no_bytes(song):
    (song / "vocals.wav").write_bytes(b"")


def a_folder(song):
    missing(song)
    (song / "vocals.wav").mkdir()


def a_broken_link(song):
    missing(song)
    (song / "vocals.wav").symlink_to(song / "gone.wav")


def twice(song):
    (song / "vocals.flac").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        (missing, FileNotFoundError, r"has no vocals\.wav"),
        (shorter, ValueError, r"vocals\.wav has 399 samples"),
        (other_rate, ValueError, r"vocals\.wav has .*16000 Hz"),
        (other_channels, ValueError, r"vocals\.wav has .*2 channels"),
        (not_audio, audio.AudioError, r"vocals\.wav cannot be read as audio"),
        (no_bytes, audio.AudioError, r"vocals\.wav is empty"),
        (a_folder, FileNotFoundError, r"has no vocals\.wav"),
        (a_broken_link, FileNotFoundError, r"vocals\.wav: there is no such file"),
        (twice, ValueError, r"vocals is there twice"),
    ],
)
@pytest.mark.parametrize("name", ["song", "two words", "一首歌", "..up", "a..b"])
def test_an_unusable_song_is_skipped_with_a_warning_or_an_error_if_it_is_the_only_one(
    tmp_path, damage, error, words, name
):
    put(tmp_path / "own" / "a good song")
    put(tmp_path / "own" / name)
    put(tmp_path / "hq" / "train" / name, files=STEMS)
    damage(tmp_path / "own" / name)
    damage(tmp_path / "hq" / "train" / name)
    with pytest.warns(UserWarning, match=words) as left_out:
        (track,) = wav_folder.load(tmp_path / "own")
    assert track.name == "a good song"
    assert len(left_out) == 1 and name in str(left_out[0].message)
    with pytest.raises(error, match=words) as why:
        musdb.load(tmp_path / "hq")
    assert name in str(why.value)


@pytest.mark.parametrize(
    "left_by_a_system",
    [
        "__MACOSX/song/._vocals.wav",
        "@eaDir/vocals.wav",
        "lost+found/vocals.wav",
        "song/._vocals.wav",
    ],
)
def test_files_of_operating_systems_are_not_songs(tmp_path, left_by_a_system):
    put(tmp_path / "song")
    path = tmp_path / left_by_a_system
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0\5\26\7")
    assert [track.name for track in wav_folder.load(tmp_path)] == ["song"]
    clips = put_clip(tmp_path / "clips" / "ariel_1_01.wav")
    (clips / "._ariel_1_01.wav").write_bytes(b"\0\5\26\7")
    assert [track.name for track in mir1k.load(clips)] == ["ariel_1_01"]


def put_clip(path):
    path.parent.mkdir(parents=True)
    audio.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (400, 2)), RATE)
    return path.parent


def test_songs_are_found_at_any_depth_and_through_links(tmp_path):
    put(tmp_path / "disk" / "album" / "first")
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "linked").symlink_to(tmp_path / "disk" / "album")
    (tmp_path / "disk" / "album" / "circle").symlink_to(tmp_path / "disk")
    tracks = wav_folder.load(tmp_path / "songs")
    assert [track.name for track in tracks] == ["linked/first"]
    assert [track.name for track in wav_folder.load(tmp_path / "disk/album/first")] == ["song"]


def test_a_name_has_one_unicode_form(tmp_path):
    put(tmp_path / "cafe\u0301")  # as macOS writes it
    assert [track.name for track in wav_folder.load(tmp_path)] == ["caf\u00e9"]


def test_a_file_that_becomes_shorter_during_use_is_named(tmp_path):
    put(tmp_path / "一首歌")
    (song,) = wav_folder.load(tmp_path)
    path = tmp_path / "一首歌" / "vocals.wav"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(audio.AudioError, match=r"一首歌/vocals\.wav ends \d+ samples too early"):
        song.read(0, 400)


def test_odd_names_load(tmp_path):
    names = ["..up", "a..b", "two words", "一首歌"]
    for name in names:
        put(tmp_path / name)
    assert [song.name for song in wav_folder.load(tmp_path)] == names


def test_a_silent_stem_is_a_stem(tmp_path):
    put(tmp_path / "song")
    put(tmp_path / "song", scale=0, files=["vocals"])
    (song,) = wav_folder.load(tmp_path)
    assert not song.stems["vocals"].any()
    assert describe([song]).silent.to_dict() == {"vocals": 1.0, "accompaniment": 0.0}


@pytest.mark.parametrize("load", [musdb.load, ccmixter.load, mir1k.load, wav_folder.load])
def test_the_error_of_an_empty_or_missing_folder_shows_the_expected_files(tmp_path, load):
    for root, words in ((tmp_path, "holds no songs"), (tmp_path / "gone", "no such folder")):
        with pytest.raises(FileNotFoundError) as why:
            load(root)
        assert f"{root}: " in str(why.value) and words in str(why.value)
        assert "    root/" in str(why.value)
