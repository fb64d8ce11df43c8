"""The cache decodes each song once, completely, and again if it is changed or damaged."""

import multiprocessing
import os

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets import cache_as_wav
from sepmodels.datasets.corpora import wav_folder
from sepmodels.datasets.stem_readers import FileReader
from sepmodels.datasets.track import Track

RATE = 8000


def song(name, seed=0, **labels):
    random = np.random.default_rng(seed)
    stems = {s: random.uniform(-2, 2, (900, 2)) for s in ("vocals", "accompaniment")}
    return Track.from_arrays(name, stems, RATE, mixture=0.5 * sum(stems.values()), **labels)


def cache(tracks, folder, **options):
    return cache_as_wav(tracks, folder, progress=False, **options)


def written(folder):
    """Every file and when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_tracks_come_back_in_order_with_their_samples_and_labels(tmp_path):
    labels = {"group": "g", "domain": "jazz", "split": "test"}
    tracks = [song("b", 1, **labels), song("a", 2), song("../up/歌 .. x", 3), song("..", 4)]
    found = cache(tracks, tmp_path / "cache")
    assert [track.name for track in found] == [track.name for track in tracks]
    assert found[0].labels == labels
    for track, again in zip(tracks, found, strict=True):
        for source, samples in track.stems.items():
            np.testing.assert_array_equal(again.stems[source], samples)
        np.testing.assert_array_equal(again.mixture, track.mixture)
        assert all(isinstance(signal, FileReader) for signal in again.readers.values())
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]  # nothing beside it


def test_cached_songs_are_not_decoded_again(tmp_path):
    cache([song("a")], tmp_path)
    before = written(tmp_path)
    cache([song("a"), song("b")], tmp_path, verify=True)
    assert before.items() < written(tmp_path).items()


def test_songs_of_the_same_name_or_at_another_rate_have_their_own_folders(tmp_path):
    one, other = cache([song("a", 1), song("a", 2)], tmp_path)
    np.testing.assert_array_equal(one.mixture, song("a", 1).mixture)
    np.testing.assert_array_equal(other.mixture, song("a", 2).mixture)
    (half,) = cache([song("a", 1)], tmp_path, sample_rate=4000)
    np.testing.assert_array_equal(half.mixture, song("a", 1).resample(4000).mixture)


def test_a_source_that_changes_is_decoded_again(tmp_path):
    wav_folder.save([song("a", 1)], tmp_path / "songs")
    cache(wav_folder.load(tmp_path / "songs"), tmp_path / "cache")
    wav_folder.save([song("a", 2)], tmp_path / "songs")
    (found,) = cache(wav_folder.load(tmp_path / "songs"), tmp_path / "cache")
    np.testing.assert_array_equal(found.stems["vocals"], song("a", 2).stems["vocals"])


@pytest.mark.parametrize("damage", ["a byte", "cut", "gone", "note", "no note"])
def test_damaged_songs_are_decoded_again(tmp_path, damage):
    cache([song("a")], tmp_path)
    (path,) = tmp_path.rglob("song.json" if "note" in damage else "vocals.wav")
    content = path.read_bytes()
    if damage == "a byte":
        path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    elif damage in ("cut", "note"):
        path.write_bytes(content[:-5])
    else:
        path.unlink()
    (found,) = cache([song("a")], tmp_path)
    np.testing.assert_array_equal(found.stems["vocals"], song("a").stems["vocals"])
    assert len(written(tmp_path)) == 4  # two stems, the mixture, the note


def test_damage_with_unchanged_size_and_time_is_found_by_verify(tmp_path):
    cache([song("a")], tmp_path)
    (path,) = tmp_path.rglob("vocals.wav")
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    for verify in (False, True):
        (found,) = cache([song("a")], tmp_path, verify=verify)
        same = np.array_equal(found.stems["vocals"], song("a").stems["vocals"])
        assert same == verify


def test_a_copy_with_other_times_is_checked_and_kept(tmp_path):
    cache([song("a")], tmp_path)
    for path in written(tmp_path):
        os.utime(path, (1, 1))
    cache([song("a")], tmp_path)
    assert set(written(tmp_path).values()) == {10**9}


def test_a_song_that_cannot_be_decoded_is_named_and_the_others_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 0)
    wav_folder.save([song("a"), song("b")], tmp_path / "songs")
    tracks = wav_folder.load(tmp_path / "songs")
    path = tmp_path / "songs" / "b" / "accompaniment.wav"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(audio.AudioError, match=r"b/accompaniment\.wav"):
        cache(tracks, tmp_path / "cache")
    assert [path.name[:2] for path in (tmp_path / "cache").iterdir()] == ["a-"]
    assert len(cache(tracks[:1], tmp_path / "cache")) == 1


def test_abandoned_folders_are_removed_and_recent_ones_are_kept(tmp_path):
    for name in (".part-old", ".part-new"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / ".part-old", (1, 1))
    cache([song("a")], tmp_path)
    assert {path.name[:6] for path in tmp_path.glob(".*")} == {".part-"}
    assert not (tmp_path / ".part-old").exists()


def test_another_process_may_be_faster(tmp_path, monkeypatch):
    """Another process moves the song into place while this one is still writing."""
    write = audio.write

    def slow(path, *arguments):
        monkeypatch.setattr(audio, "write", write)
        cache([song("a")], tmp_path)
        write(path, *arguments)

    monkeypatch.setattr(audio, "write", slow)
    (found,) = cache([song("a")], tmp_path)
    np.testing.assert_array_equal(found.mixture, song("a").mixture)
    assert len(written(tmp_path)) == 4 and len(list(tmp_path.iterdir())) == 1


def fill(folder):
    cache([song(str(number), number) for number in range(12)], folder)


def test_two_processes_at_once(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=fill, args=(tmp_path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    before = written(tmp_path)
    fill(tmp_path)
    assert written(tmp_path) == before and len(before) == 12 * 4
