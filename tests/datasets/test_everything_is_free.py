"""The album in the public domain, and the excerpt of it that ships."""

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.corpora import everything_is_free, lithium
from sepmodels.datasets.corpora.locations import load_location


@pytest.mark.parametrize("stems", [2, 4])
def test_the_excerpt_is_thirty_seconds_of_stereo_without_silent_stems(stems):
    track = lithium.load(stems)
    assert len(track.sources) == stems
    assert (track.sample_rate, track.channels, track.length) == (44100, 2, 30 * 44100)
    for samples in track.stems.values():
        assert 0.001 < np.sqrt(np.mean(samples**2)) < 0.5


def test_its_accompaniment_is_the_sum_of_its_parts():
    two, four = lithium.load(), lithium.load(stems=4)
    band = sum(four.stems[source] for source in ("drums", "bass", "other"))
    np.testing.assert_allclose(two.stems["accompaniment"], band, atol=1e-6)
    np.testing.assert_array_equal(two.stems["vocals"], four.stems["vocals"])
    with pytest.raises(ValueError, match="stems=3"):
        lithium.load(stems=3)


def test_the_album_is_its_seven_songs_and_nothing_else(tmp_path):
    for name in ("lithium", "caesium", "lithium_30s"):
        (tmp_path / name).mkdir()
        for seed, stem in enumerate(("vocals", "accompaniment")):
            samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (800, 2))
            audio.write(tmp_path / name / f"{stem}.ogg", samples, 44100)
    tracks = everything_is_free.load(tmp_path)
    assert [track.name for track in tracks] == ["caesium", "lithium"]
    assert {track.domain for track in tracks} == {lithium.load().domain} == {"everything_is_free"}
    assert tracks[1].group == lithium.load().group, "the excerpt must not validate the whole"
    with pytest.raises(FileNotFoundError, match="everythingisremixed"):
        everything_is_free.load(tmp_path / "caesium")


def test_a_location_names_a_corpus_and_its_folder(tmp_path):
    song = tmp_path / "songs" / "caesium"
    song.mkdir(parents=True)
    for stem in ("vocals", "accompaniment"):
        audio.write(song / f"{stem}.wav", np.full((800, 1), 0.1, "float32"), 8000)
    for location in (str(song.parent), f"everything_is_free:{song.parent}"):
        (track,), validation = load_location(location)
        assert track.name == "caesium" and validation == []
    with pytest.raises(FileNotFoundError, match="MUSDB18"):
        load_location(f"musdb:{tmp_path}")
    with pytest.raises(ValueError, match=r"musdb:FOLDER.*Received: musbd:"):
        load_location(f"musbd:{tmp_path}")
