"""Names that come from outside stay in their folder, whatever makes a path of them."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sepmodels as sm
from sepmodels import _checks, _files

HOSTILE = (
    "../up", "..", ".", "...", "", " ", "/up", "a/b", "a\\b", "\\\\server\\x", "x\0", "CON", "con",
    "nul.txt", "Aux .x", "COM1", "lpt¹", "CONIN$", "c:", "c:up", "NUL:x",
)  # fmt: skip
PLAIN = ("vocals", "..up", "a..b", "Artist: Song", "一首歌", "two words", "console", "com10", "~")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_by_every_door(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "deep" / "inside"
    sound = np.full((800, 1), 0.1, "float32")
    track = sm.datasets.Track.from_arrays("song", {"vocals": sound}, 8000)
    track.name = name
    renamed = sm.datasets.Track.from_arrays("song", {"vocals": sound}, 8000)
    renamed.sources, renamed.readers = (name,), {name: renamed.readers["vocals"]}
    options = {"filters": 4, "dilations": (1,), "gru_dilation": None, "groups": 1}
    model = sm.models.DilatedConvGRU(sources=("vocals", "b"), **options)
    model.sources = ("vocals", name)
    doors = {
        "_checks.file_name": lambda: _checks.file_name("source", name),
        "join_names": lambda: _files.join_names(inside, name),
        "a model": lambda: sm.models.DilatedConvGRU(sources=("vocals", name), **options),
        "a track": lambda: sm.datasets.Track.from_arrays("song", {name: sound}, 8000),
    }
    if name.strip(". "):  # "...wav" is a plain name again
        doors["separate"] = lambda: sm.separate(model, sound, 8000, output=inside)
        doors["wav_folder.save, of a source"] = lambda: sm.datasets.wav_folder.save(
            [renamed], inside
        )
    if name != "a/b":  # a song may lie deeper
        doors["wav_folder.save"] = lambda: sm.datasets.wav_folder.save([track], inside)
    for door, call in doors.items():
        with pytest.raises(ValueError, match="plain file name|one component of a path"):
            call()
            pytest.fail(f"{door} takes {name!r}")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", HOSTILE)
def test_the_cache_of_a_song_of_any_name_lies_in_its_folder(tmp_path, name):
    sound = np.full((800, 1), 0.1, "float32")
    track = sm.datasets.Track.from_arrays(name, {"vocals": sound}, 8000)
    (cached,) = sm.datasets.cache_as_wav([track], tmp_path / "cache", progress=False)
    assert cached.name == name
    assert Path(cached.readers["vocals"].path).parent.parent == tmp_path / "cache"


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_is_kept(tmp_path, name):
    _checks.file_name("source", name)
    assert _files.join_names(tmp_path, name) == tmp_path / name
    sound = np.full((800, 1), 0.1, "float32")
    track = sm.datasets.Track.from_arrays(f"disc 1/{name}", {"vocals": sound}, 8000)
    sm.datasets.wav_folder.save([track], tmp_path)
    (loaded,) = sm.datasets.wav_folder.load(tmp_path, sources=("vocals",))
    assert loaded.name == track.name


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(st.one_of(st.characters(), st.sampled_from("./\\: \0~C")), max_size=6))
def test_a_joined_name_is_one_step_below_the_folder(name):
    try:
        path = _files.join_names("/base/folder", name)
    except ValueError:
        return
    assert os.path.dirname(os.path.normpath(path)) == "/base/folder"
    assert "\0" not in name and "\\" not in name


def test_nothing_is_left_of_a_file_whose_writing_fails(tmp_path):
    def write(path):
        path.write_text("half")
        raise KeyboardInterrupt

    (tmp_path / "note").write_text("whole")
    with pytest.raises(KeyboardInterrupt):
        _files.write_atomically(tmp_path / "note", write)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]
