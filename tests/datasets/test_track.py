"""A track reads only the requested piece, and refuses stems that do not agree."""

import pickle

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.track import Track

RATE = 8000


def noise(seed, length=RATE, channels=1):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (length, channels)).astype("float32")


@pytest.fixture
def stems():
    return {"vocals": noise(0), "accompaniment": noise(1)}


@pytest.fixture
def both(tmp_path, stems):
    """The same song in memory, in two files, and in the channels of one file."""
    for source, samples in stems.items():
        audio.write(tmp_path / f"{source}.wav", samples, RATE)
    joined = np.concatenate([stems["accompaniment"], stems["vocals"]], axis=1)
    audio.write(tmp_path / "joined.wav", joined, RATE)
    places = {"vocals": (tmp_path / "joined.wav", 1), "accompaniment": (tmp_path / "joined.wav", 0)}
    return [
        Track.from_arrays("song", stems, RATE),
        Track.from_files("song", {source: tmp_path / f"{source}.wav" for source in stems}),
        Track.from_files("song", places),
    ]


def test_memory_files_and_channels_are_the_same_song(both, stems):
    for track in both:
        assert (track.name, track.sources) == ("song", tuple(stems))
        assert track.labels == {"group": "song", "domain": "", "split": None}
        assert (track.sample_rate, track.length, track.channels) == (RATE, RATE, 1)
        piece = track.read(100, 300)
        assert set(piece) == set(track.stems) == set(stems)
        for source, samples in stems.items():
            assert piece[source].dtype == np.float32
            np.testing.assert_array_equal(piece[source], samples[100:300])
            np.testing.assert_array_equal(track.stems[source], samples)
        np.testing.assert_array_equal(track.mixture, stems["vocals"] + stems["accompaniment"])


def test_tracks_pickle(both, stems):
    for track in both:
        again = pickle.loads(pickle.dumps(track))
        np.testing.assert_array_equal(again.stems["vocals"], stems["vocals"])


def test_only_the_piece_is_read_and_a_shared_file_once(both, monkeypatch):
    reads = []
    real = audio.read

    def spy(path, start=0, stop=None, index=None):
        reads.append((start, stop))
        return real(path, start, stop, index)

    monkeypatch.setattr(audio, "read", spy)
    both[2].read(100, 300)
    assert reads == [(100, 300)]
    both[1].read(10, 20, ["vocals"])
    assert reads == [(100, 300), (10, 20)]


def test_a_shipped_mixture_is_kept(tmp_path, stems):
    mastered = noise(2)
    track = Track.from_arrays("song", stems, RATE, mixture=mastered)
    np.testing.assert_array_equal(track.mixture, mastered)
    half = track.resample(4000)
    np.testing.assert_array_equal(half.mixture, audio.resample(mastered, RATE, 4000))
    audio.write(tmp_path / "mixture.wav", mastered, RATE)
    audio.write(tmp_path / "vocals.wav", stems["vocals"], RATE)
    files = {"vocals": tmp_path / "vocals.wav"}
    track = Track.from_files("song", files, mixture=tmp_path / "mixture.wav")
    np.testing.assert_array_equal(track.mixture, mastered)


def test_resampled_has_the_new_rate_and_keeps_name_and_labels(stems):
    labels = {"group": "backing", "domain": "jazz", "split": "test"}
    track = Track.from_arrays("song", stems, RATE, **labels)
    half = track.resample(4000)
    assert (half.name, half.sample_rate, half.length) == ("song", 4000, 4000)
    assert half.labels == labels
    np.testing.assert_array_equal(half.stems["vocals"], audio.resample(stems["vocals"], RATE, 4000))
    assert track.resample(RATE).stems["vocals"].tolist() == stems["vocals"].tolist()


def test_stems_that_do_not_agree_name_the_file(tmp_path, stems):
    audio.write(tmp_path / "vocals.wav", stems["vocals"], RATE)
    files = {"vocals": tmp_path / "vocals.wav", "accompaniment": tmp_path / "band.wav"}
    for samples, rate, words in [
        (noise(1, RATE - 1), RATE, "7999 samples"),
        (noise(1), 16000, "16000 Hz"),
        (noise(1, channels=2), RATE, "2 channels"),
    ]:
        audio.write(tmp_path / "band.wav", samples, rate)
        with pytest.raises(ValueError, match=rf"song.*band\.wav has .*{words}"):
            Track.from_files("song", files)


def test_bad_stems(tmp_path, stems):
    audio.write(tmp_path / "vocals.wav", stems["vocals"], RATE)
    with pytest.raises(ValueError, match="no stems"):
        Track.from_arrays("song", {}, RATE)
    with pytest.raises(ValueError, match=r"vocals must be \(time, channels\)"):
        Track.from_arrays("song", {"vocals": np.zeros(5)}, RATE)
    with pytest.raises(ValueError, match="NaN"):
        Track.from_arrays("song", {"vocals": np.full((5, 1), np.nan)}, RATE)
    with pytest.raises(ValueError, match=r"1 channels.*channel=1"):
        Track.from_files("song", {"vocals": (tmp_path / "vocals.wav", 1)})
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        Track.from_files("song", {"vocals": tmp_path / "gone.wav"})
    with pytest.raises(ValueError, match="split='secret'"):
        Track.from_arrays("song", stems, RATE, split="secret")


def test_pieces_must_lie_within_the_song(stems):
    track = Track.from_arrays("song", stems, RATE)
    for start, stop in [(-1, 5), (0, RATE + 1), (6, 5)]:
        with pytest.raises(ValueError, match=f"start={start}, stop={stop}"):
            track.read(start, stop)
    with pytest.raises(KeyError, match="drums"):
        track.stems["drums"]
