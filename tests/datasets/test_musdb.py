"""MUSDB18 on a small tree of real `.stem.mp4` files, with both readers, and as WAV."""

import pickle
import shutil
import subprocess

import numpy as np
import pytest

from sepmodels import audio
from sepmodels.datasets.corpora import musdb, sample, splits

ALL = ("vocals", "drums", "bass", "other", "accompaniment")
VALID, ODD, TEST = "Actions - One Minute Smile", "歌 .. x - y z", "BKS - Too Much"
PLACES = {"train": (VALID, ODD), "test": (TEST,)}
STREAMS = ("mixture", "drums", "bass", "other", "vocals")
RATE, LENGTH = 44100, 2 * 8192 + 137  # not a whole number of AAC frames


def stem(song, stream):
    """A tone in noise, another one in every stem of every song; the mixture is not the sum."""
    random = np.random.default_rng([song, stream])
    tone = np.sin(np.arange(LENGTH) * (0.02 + 0.01 * stream + 0.003 * song))[:, None]
    return (0.2 * tone * [1, 0.5] + random.uniform(-0.05, 0.05, (LENGTH, 2))).astype("float32")


@pytest.fixture(scope="module")
def trees(tmp_path_factory, ffmpeg_path):
    """The same songs as stem.mp4, written by FFmpeg, and as WAV."""
    mp4, wav = tmp_path_factory.mktemp("musdb"), tmp_path_factory.mktemp("musdb hq")
    for part, names in PLACES.items():
        (mp4 / part).mkdir()
        for number, name in enumerate(names):
            (wav / part / name).mkdir(parents=True)
            files = [wav / part / name / f"{stream}.wav" for stream in STREAMS]
            for index, file in enumerate(files):
                audio.write(file, stem(number, index), RATE)
            inputs = [word for file in files for word in ("-i", file)]
            maps = [word for index in range(5) for word in ("-map", str(index))]
            target = mp4 / part / f"{name}.stem.mp4"
            # without -aac_pns 0 the decoder makes up noise, other noise after a seek
            command = [ffmpeg_path / "ffmpeg", "-loglevel", "error", *inputs, *maps]
            subprocess.run([*command, "-aac_pns", "0", target], check=True)
    return mp4, wav


def names(tracks):
    return [track.name for track in tracks]


def test_both_readers_return_the_same_samples(ffmpeg_on_path, trees):
    both = [musdb.load(trees[0], sources=ALL, reader=reader) for reader in ("musdb", "pyav")]
    assert names(both[0]) == names(both[1]) == [VALID, ODD, TEST]
    for one, other in zip(*both, strict=True):
        assert one.length == other.length == LENGTH
        assert one.labels == other.labels
        for source in ALL:
            np.testing.assert_allclose(one.stems[source], other.stems[source], atol=1e-6)
            assert one.stems[source].dtype == np.float32
        band = sum(one.stems[source] for source in ("drums", "bass", "other"))
        np.testing.assert_allclose(one.stems["accompaniment"], band, atol=1e-6)
    # and those are the stems that were coded, each under its name
    for source in ("vocals", "drums", "bass", "other"):
        written = stem(1, STREAMS.index(source))[:LENGTH]
        error = both[0][1].stems[source] - written
        assert np.mean(error**2) < 0.1 * np.mean(written**2)


def test_a_track_ends_where_the_song_does_and_musdb_itself_at_the_next_aac_frame(
    ffmpeg_on_path, trees
):
    import musdb as package

    (track,) = musdb.load(trees[0], "test", reader="musdb")
    theirs = package.DB(root=str(trees[0]), subsets="test")[0]
    whole = theirs.sources["vocals"].audio
    assert track.length == LENGTH  # the header, in milliseconds, would leave 28 samples out
    assert 0 < len(whole) - LENGTH < 1024
    # musdb rounds to 16 bits
    np.testing.assert_allclose(track.stems["vocals"], whole[:LENGTH], atol=2**-15)


def test_both_readers_agree_on_the_clip_of_stempeg_even_beyond_full_scale(ffmpeg_on_path, tmp_path):
    (tmp_path / "test").mkdir()
    clip = sample._find_clip()
    (tmp_path / "test" / clip.name).symlink_to(clip)
    tracks = [musdb.load(tmp_path, "test", reader=reader)[0] for reader in ("musdb", "pyav")]
    for source, samples in sample.load().stems.items():
        for track in tracks:
            np.testing.assert_allclose(track.stems[source], samples, atol=1e-6)
        assert source == "vocals" or np.abs(samples).max() > 1
    assert tracks[0].split == sample.load().split == "test"


@pytest.mark.parametrize("reader", ["musdb", "pyav"])
def test_pieces_are_exact_to_the_sample(ffmpeg_on_path, trees, reader):
    track = musdb.load(trees[0], "test", sources=("vocals",), reader=reader)[0]
    whole = track.stems["vocals"]
    for start, stop in [(0, 1), (1, 1000), (9000, 9001), (12345, LENGTH), (LENGTH - 5, LENGTH)]:
        piece = track.read(start, stop)["vocals"]
        np.testing.assert_array_equal(piece, whole[start:stop])


def test_the_mixture_is_the_sum_or_the_one_in_the_file(trees):
    for root in trees:
        summed, shipped = (
            musdb.load(root, "test", reader="pyav", mixture=mixture)[0]
            for mixture in ("sum", "shipped")
        )
        np.testing.assert_allclose(summed.mixture, sum(summed.stems.values()), atol=1e-6)
        assert np.abs(shipped.mixture - summed.mixture).max() > 0.1
        error = shipped.mixture - stem(0, 0)[: shipped.length]
        assert np.mean(error**2) < 0.1 * np.mean(stem(0, 0) ** 2)


def test_wav_files_are_read_as_musdb_reads_them(ffmpeg_on_path, trees):
    import musdb as package

    tracks = musdb.load(trees[1], sources=ALL)
    assert names(tracks) == [VALID, ODD, TEST]
    for track, theirs in zip(tracks, package.DB(root=str(trees[1]), is_wav=True), strict=True):
        assert (track.name, track.length) == (theirs.name, theirs.samples)
        for source in ALL:
            ours = track.stems[source]
            np.testing.assert_allclose(theirs.targets[source].audio, ours, atol=3 * 2**-15)
    for index, source in enumerate(STREAMS[1:], start=1):
        np.testing.assert_array_equal(tracks[1].stems[source], stem(1, index))


@pytest.mark.parametrize("tree", [0, 1])
def test_subsets_protocols_and_labels(trees, tree):
    def load(**arguments):
        return musdb.load(trees[tree], reader="pyav", **arguments)

    assert names(load(subset="test")) == [TEST]
    assert names(load(subset="train", split="valid")) == [VALID]
    assert names(load(subset="train", split="train")) == [ODD]
    assert [track.split for track in load()] == ["valid", "train", "test"]
    assert [track.domain for track in load()] == ["Pop/Rock", "", "Pop/Rock"]
    other = next(row["75/25"] for row in splits.read("musdb18") if row["song"] == VALID)
    assert load(subset="train", protocol="75/25")[0].split == other


def test_tracks_pickle(ffmpeg_on_path, trees):
    for reader in ("musdb", "pyav"):
        track = pickle.loads(pickle.dumps(musdb.load(trees[0], "test", reader=reader)[0]))
        assert track.read(0, 100)["vocals"].shape == (100, 2)


def test_without_ffmpeg_pyav_reads(no_ffmpeg, trees):
    assert names(musdb.load(trees[0])) == [VALID, ODD, TEST]
    with pytest.raises(ImportError, match=r"ffmpeg and ffprobe on PATH.*apt install ffmpeg") as why:
        musdb.load(trees[0], reader="musdb")
    assert "\n" not in str(why.value)


@pytest.mark.parametrize("reader", ["musdb", "pyav"])
def test_a_damaged_file_is_named(ffmpeg_on_path, trees, tmp_path, reader):
    good = (trees[0] / "test" / f"{TEST}.stem.mp4").read_bytes()
    (tmp_path / "test").mkdir()
    for content in (b"", b"not audio at all", good[: len(good) // 2]):
        (tmp_path / "test" / "歌 1.stem.mp4").write_bytes(content)
        with pytest.raises(audio.AudioError, match=r"歌 1\.stem\.mp4"):
            musdb.load(tmp_path, reader=reader)


def test_a_damaged_file_is_left_out_where_another_is_whole(trees, tmp_path):
    (tmp_path / "test").mkdir()
    shutil.copy(trees[0] / "test" / f"{TEST}.stem.mp4", tmp_path / "test")
    (tmp_path / "test" / f"._{TEST}.stem.mp4").write_bytes(b"\0\5\26\7")  # left by a Mac
    assert names(musdb.load(tmp_path, reader="pyav")) == [TEST]
    (tmp_path / "test" / "x.stem.mp4").write_bytes(b"not audio at all")
    with pytest.warns(UserWarning, match=r"left out: .*x\.stem\.mp4"):
        assert names(musdb.load(tmp_path, reader="pyav")) == [TEST]


def test_bad_arguments_and_wrong_folders(tmp_path):
    for arguments, words in [
        ({"subset": "valid"}, "subset='valid'"),
        ({"split": "test", "subset": "train"}, "split='test'"),
        ({"split": "valid"}, "subset=None"),
        ({"sources": ["piano"]}, "'piano'"),
        ({"sources": ["mixture"]}, "'mixture'"),
        ({"protocol": "90/10"}, "protocol='90/10'"),
        ({"mixture": "loud"}, "mixture='loud'"),
        ({"reader": "ffmpeg"}, "reader='ffmpeg'"),
    ]:
        with pytest.raises(ValueError, match=words):
            musdb.load(tmp_path, **arguments)
    with pytest.raises(FileNotFoundError, match="gone: there is no such folder"):
        musdb.load(tmp_path / "gone")
    with pytest.raises(FileNotFoundError) as why:
        musdb.load(tmp_path, "train")
    for words in ("holds no songs", "root/train/", "zenodo.org", "non-commercial"):
        assert words in str(why.value)
