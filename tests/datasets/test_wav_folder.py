"""A folder of one's own songs."""

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.corpora import wav_folder
from sepmodels.datasets.track import Track

RATE = 8000


def noise(seed, length=1000, channels=1):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (length, channels)).astype("float32")


def put(folder, **stems):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (source, suffix) in enumerate(stems.items()):
        audio.write(folder / f"{source}.{suffix}", noise(number), RATE)


def test_a_folder_for_each_song_in_any_format(tmp_path):
    put(tmp_path / "b song", vocals="wav", accompaniment="flac")
    put(tmp_path / "a song", vocals="wav", accompaniment="wav")
    put(tmp_path / ".hidden", readme="wav")
    (tmp_path / "notes.txt").write_text("not a song")
    songs = wav_folder.load(tmp_path)
    assert [song.name for song in songs] == ["a song", "b song"]
    for song in songs:
        np.testing.assert_allclose(song.stems["vocals"], noise(0), atol=1e-6)
        np.testing.assert_allclose(song.mixture, noise(0) + noise(1), atol=1e-6)


def test_four_stems_make_an_accompaniment(tmp_path):
    put(tmp_path / "song", vocals="wav", drums="wav", bass="wav", other="wav")
    band = noise(1) + noise(2) + noise(3)
    np.testing.assert_allclose(wav_folder.load(tmp_path)[0].stems["accompaniment"], band, atol=1e-6)
    (song,) = wav_folder.load(tmp_path, sources=["bass", "vocals"])
    assert song.sources == ("bass", "vocals")
    np.testing.assert_array_equal(song.stems["bass"], noise(2))


def test_a_mixture_in_the_folder_is_kept(tmp_path):
    put(tmp_path / "song", vocals="wav", accompaniment="wav", mixture="wav")
    np.testing.assert_array_equal(wav_folder.load(tmp_path)[0].mixture, noise(2))


def test_a_missing_accompaniment_is_the_mixture_minus_the_vocals(tmp_path):
    put(tmp_path / "song", vocals="wav", mixture="flac")
    (song,) = wav_folder.load(tmp_path)
    np.testing.assert_allclose(song.stems["accompaniment"], noise(1) - noise(0), atol=1e-6)
    np.testing.assert_allclose(song.mixture, noise(1), atol=1e-6)
    np.testing.assert_allclose(
        song.read(100, 300)["accompaniment"], (noise(1) - noise(0))[100:300], atol=1e-6
    )


def test_a_stem_in_each_channel(tmp_path):
    audio.write(tmp_path / "b.wav", noise(1, channels=2), RATE)
    audio.write(tmp_path / "a.flac", noise(0, channels=2), RATE)
    songs = wav_folder.load(tmp_path, channels={"accompaniment": 0, "vocals": 1})
    assert [song.name for song in songs] == ["a", "b"]
    np.testing.assert_array_equal(songs[1].stems["vocals"], noise(1, channels=2)[:, 1:])
    audio.write(tmp_path / "c.wav", noise(0), RATE)
    with pytest.warns(UserWarning, match=r"left out: .*c\.wav has 1 channels"):
        assert len(wav_folder.load(tmp_path, channels={"accompaniment": 0, "vocals": 1})) == 2


def test_what_is_saved_loads_again(tmp_path):
    stems = {"vocals": noise(0, channels=2) * 3, "accompaniment": noise(1, channels=2)}
    track = Track.from_arrays("song", stems, RATE)
    wav_folder.save([track], tmp_path / "as it is")
    (again,) = wav_folder.load(tmp_path / "as it is")
    np.testing.assert_array_equal(again.stems["vocals"], stems["vocals"])
    wav_folder.save([track], tmp_path / "half", sample_rate=4000)
    (half,) = wav_folder.load(tmp_path / "half")
    np.testing.assert_array_equal(half.mixture, track.resample(4000).mixture)


def test_saving_never_overwrites_its_own_input(tmp_path):
    stems = {"vocals": noise(0), "accompaniment": noise(1)}
    wav_folder.save([Track.from_arrays("song", stems, RATE)], tmp_path)
    tracks = wav_folder.load(tmp_path)
    with pytest.raises(ValueError, match=r"vocals.wav would overwrite .*vocals.wav"):
        wav_folder.save(tracks, tmp_path, sample_rate=4000)
    np.testing.assert_array_equal(tracks[0].stems["vocals"], stems["vocals"])


def test_missing_folders_and_stems_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone: there is no such folder"):
        wav_folder.load(tmp_path / "gone")
    for channels in (None, {"vocals": 0}):
        with pytest.raises(FileNotFoundError, match="holds no songs"):
            wav_folder.load(tmp_path, channels=channels)
    put(tmp_path / "song", vocals="wav", drums="wav")
    with pytest.raises(FileNotFoundError, match=r"song has no accompaniment\.wav.*drums\.wav"):
        wav_folder.load(tmp_path)


def test_a_stem_twice_or_of_another_length_is_named(tmp_path):
    put(tmp_path / "song", vocals="wav", accompaniment="wav")
    audio.write(tmp_path / "song" / "vocals.flac", noise(0), RATE)
    with pytest.raises(ValueError, match=r"vocals is there twice.*vocals\.flac.*vocals\.wav"):
        wav_folder.load(tmp_path)
    (tmp_path / "song" / "vocals.flac").unlink()
    audio.write(tmp_path / "song" / "accompaniment.wav", noise(1, 999), RATE)
    with pytest.raises(ValueError, match=r"accompaniment\.wav has 999 samples"):
        wav_folder.load(tmp_path)
