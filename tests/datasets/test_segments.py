"""Examples: drawn from (seed, number) alone, cut from the songs exactly, changed as planned."""

import dataclasses
import hashlib
import importlib.util
import itertools
import logging
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from sepmodels.datasets.segments import tfio_reader
from sepmodels.datasets.segments.augmentation import Augment
from sepmodels.datasets.segments.pipeline import cut_excerpts, draw_segments
from sepmodels.datasets.segments.sampler import SegmentPlan, SegmentSampler
from sepmodels.datasets.track import Track

RATE = 8000
SOURCES = ("vocals", "accompaniment")
REMIX = Augment(gains=(0.25, 1.25), cross_songs=0.5, swap_channels=0.5)


def ramp(song, source, length, channels=1):
    """Samples that tell where they come from: song and source in the sign and size, then time."""
    level = (song + 1) * (1 if source == "vocals" else -1)
    time = np.arange(length)[:, None] / length
    return (level + 0.5 * time + 0.1 * np.arange(channels)).astype("float32") / 16


def songs(lengths=(4000, 1000, 2500), channels=1, sources=SOURCES):
    return [
        Track.from_arrays(
            f"song {number}",
            {source: ramp(number, source, length, channels) for source in sources},
            RATE,
        )
        for number, length in enumerate(lengths)
    ]


def first(dataset, count):
    """The first examples: mixtures `(count, time, channels)` and the same of each source."""
    batches = itertools.islice(dataset.unbatch().as_numpy_iterator(), count)
    mixtures, stems = zip(*batches, strict=True)
    return np.stack(mixtures), {
        source: np.stack([stem[source] for stem in stems]) for source in stems[0]
    }


def drawn_parts(draw, count):
    """The first draws, an array `(count, sources)` for each of the parts."""
    rows = zip(*map(draw, range(count)), strict=True)
    return {name: np.stack(row) for name, row in zip(SegmentPlan._fields, rows, strict=True)}


def assert_same(one, other):
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1].keys() == other[1].keys()
    for source in one[1]:
        np.testing.assert_array_equal(one[1][source], other[1][source])


def test_shapes_and_types():
    mixture, stems = next(iter(draw_segments(songs(), 320, 4)))
    assert mixture.shape == (4, 320, 1)
    assert tuple(stems) == SOURCES
    for tensor in (mixture, *stems.values()):
        assert tensor.dtype == tf.float32
    spec = draw_segments(songs(), 320, 4, channels=2).element_spec[0]
    assert spec.shape == (4, 320, 2)


def test_the_mixture_is_the_sum_of_the_stems():
    mixture, stems = first(draw_segments(songs(), 320, 4, augment=REMIX), 20)
    np.testing.assert_array_equal(mixture, stems["vocals"] + stems["accompaniment"])


def test_the_same_seed_gives_the_same_examples_another_does_not():
    one = first(draw_segments(songs(), 320, 4, augment=REMIX, seed=7), 20)
    assert_same(one, first(draw_segments(songs(), 320, 4, augment=REMIX, seed=7), 20))
    other = first(draw_segments(songs(), 320, 4, augment=REMIX, seed=8), 20)
    assert np.abs(one[0] - other[0]).max() > 0.01


@pytest.mark.parametrize("batch_size", [1, 4, 7])
def test_resumed_examples_equal_uninterrupted_ones(batch_size):
    whole = first(draw_segments(songs(), 320, 4, augment=REMIX, seed=7), 30)
    resumed = first(draw_segments(songs(), 320, batch_size, augment=REMIX, seed=7, start=10), 20)
    assert_same(resumed, (whole[0][10:], {s: stem[10:] for s, stem in whole[1].items()}))


def test_plans_are_the_same_on_every_machine_and_version():
    draw = SegmentSampler(songs(), 320, SOURCES, REMIX, seed=3)
    drawn = drawn_parts(draw, 4)
    tracks, starts, swaps = (drawn[name].tolist() for name in ("tracks", "starts", "swaps"))
    assert tracks == [[0, 0], [0, 2], [2, 0], [0, 1]]
    assert starts == [[2949, 1763], [1256, 716], [1774, 1687], [3677, 313]]
    assert swaps == [[True, False], [False, False], [True, True], [False, True]]
    wanted = [
        [0.832162, 0.409739],
        [0.677445, 0.771530],
        [0.376236, 0.568103],
        [0.442827, 0.417452],
    ]
    np.testing.assert_allclose(drawn["gains"], wanted, atol=1e-6)


def test_without_augmentation_examples_are_pieces_of_one_song():
    _, stems = first(draw_segments(songs(), 320, 4), 40)
    starts = set()
    for vocals, accompaniment in zip(stems["vocals"], stems["accompaniment"], strict=True):
        number = int(vocals[0, 0] * 16) - 1
        length = (4000, 1000, 2500)[number]
        start = round((vocals[0, 0] * 16 - number - 1) * 2 * length)
        np.testing.assert_array_equal(vocals, ramp(number, "vocals", length)[start : start + 320])
        band = ramp(number, "accompaniment", length)[start : start + 320]
        np.testing.assert_array_equal(accompaniment, band)
        starts.add((number, start))
    assert len(starts) > 30


def test_songs_are_drawn_by_duration_and_starts_evenly():
    draw = SegmentSampler(songs(), 500, SOURCES, Augment(), seed=0)
    drawn = drawn_parts(draw, 4000)
    tracks, starts = drawn["tracks"][:, 0], drawn["starts"][:, 0]
    shares = np.bincount(tracks) / len(tracks)
    np.testing.assert_allclose(shares, np.array([4000, 1000, 2500]) / 7500, atol=0.03)
    for number, room in enumerate([3501, 501, 2001]):
        own = starts[tracks == number]
        assert own.min() >= 0
        assert own.max() < room
        np.testing.assert_allclose(
            np.quantile(own, [0.25, 0.5, 0.75]) / room, [0.25, 0.5, 0.75], atol=0.06
        )


def test_one_gain_for_each_source_and_example():
    plain = first(draw_segments(songs(), 320, 4, seed=5), 40)[1]
    remixed = first(
        draw_segments(songs(), 320, 4, seed=5, augment=Augment(gains=(0.25, 1.25))), 40
    )[1]
    gains = {source: remixed[source] / plain[source] for source in SOURCES}
    for gain in gains.values():
        np.testing.assert_allclose(np.ptp(gain, axis=1), 0, atol=1e-5)
        assert 0.25 <= gain.min() < 0.35
        assert 1.15 < gain.max() <= 1.25
    assert abs(np.corrcoef(*(gain[:, 0, 0] for gain in gains.values()))[0, 1]) < 0.4


def test_the_share_of_examples_that_mix_songs():
    for share in (0.0, 0.4, 1.0):
        draw = SegmentSampler(songs((2000,) * 4), 500, SOURCES, Augment(cross_songs=share), seed=0)
        drawn = drawn_parts(draw, 2000)
        apart, songs_apart = (
            np.mean(drawn[name][:, 0] != drawn[name][:, 1]) for name in ("starts", "tracks")
        )
        np.testing.assert_allclose([apart, songs_apart], [share, share * 0.75], atol=0.04)


def test_domains_are_those_of_the_first_source():
    tracks = [
        Track.from_arrays(track.name, track.stems, RATE, domain=domain)
        for track, domain in zip(songs(), ("folk", "rock", "folk"), strict=True)
    ]
    domains = ("rock", "pop", "folk")
    augment = Augment(cross_songs=0.5)
    drawn = draw_segments(tracks, 320, 4, augment=augment, domains=domains)
    assert drawn.element_spec[2] == tf.TensorSpec((4,), tf.int32)
    seen = set()
    for mixture, stems, domain in drawn.take(10):
        np.testing.assert_array_equal(mixture, stems["vocals"] + stems["accompaniment"])
        songs_of = np.floor(stems["vocals"][:, 0, 0] * 16) - 1
        np.testing.assert_array_equal(domain, np.where(songs_of == 1, 0, 2))
        seen |= set(domain.numpy().tolist())
    assert seen == {0, 2}
    cut = cut_excerpts(tracks, 1000, 4, domains=domains)
    assert np.concatenate([domain for *_, domain in cut]).tolist() == [2, 2, 2, 2, 0, 2, 2, 2]
    for make in (draw_segments, cut_excerpts):
        with pytest.raises(ValueError, match=r"'song 1'.*'rock', which `domains` lacks"):
            make(tracks, 320, 4, domains=("folk",))


def test_swapped_channels():
    tracks = songs(channels=2)
    augment = Augment(swap_channels=0.3)
    swapped = []
    for stem in first(draw_segments(tracks, 320, 4, augment=augment), 200)[1].values():
        right_minus_left = stem[..., 1] - stem[..., 0]
        np.testing.assert_allclose(np.abs(right_minus_left), 0.1 / 16, atol=1e-6)
        swapped.append(right_minus_left[:, 0] < 0)
    np.testing.assert_allclose(np.mean(swapped), 0.3, atol=0.06)


def test_music_without_vocals_is_used_where_songs_are_mixed():
    extra = Track.from_arrays("band", {"accompaniment": ramp(9, "band", 8000)}, RATE)
    tracks = [*songs(), extra]
    draw = SegmentSampler(tracks, 320, SOURCES, Augment(cross_songs=0.5), seed=0)
    drawn = drawn_parts(draw, 2000)["tracks"]
    assert set(drawn[:, 0]) == {0, 1, 2}
    np.testing.assert_allclose(np.mean(drawn[:, 1] == 3), 0.5 * 8000 / 15500, atol=0.04)
    augment = Augment(cross_songs=1.0)
    _, stems = first(draw_segments(tracks, 320, 4, augment=augment), 40)
    assert (stems["accompaniment"].min(axis=(1, 2)) < -9 / 16).any()
    with pytest.raises(ValueError, match=r"'band'.*never be drawn.*cross_songs"):
        draw_segments(tracks, 320, 4)
    with pytest.raises(ValueError, match="no track has the source 'vocals'"):
        draw_segments([extra], 320, 4, augment=augment)
    parts = [songs(sources=("vocals",))[0], extra]
    with pytest.raises(ValueError, match="no track has all the sources"):
        draw_segments(parts, 320, 4, augment=Augment(cross_songs=0.5))
    draw_segments(parts, 320, 4, augment=augment)


def test_short_songs_are_followed_by_silence():
    _, stems = first(draw_segments(songs((100,)), 320, 2), 2)
    for source in SOURCES:
        np.testing.assert_array_equal(stems[source][0, :100], ramp(0, source, 100))
        np.testing.assert_array_equal(stems[source][0, 100:], 0)


def test_channels_are_averaged_or_doubled():
    _, stems = first(cut_excerpts(songs((500,), channels=2), 500, 1, channels=1), 1)
    mean = ramp(0, "vocals", 500, 2).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(stems["vocals"][0], mean, atol=1e-7)
    _, stems = first(cut_excerpts(songs((500,)), 500, 1, channels=2), 1)
    np.testing.assert_array_equal(stems["vocals"][0], np.repeat(ramp(0, "vocals", 500), 2, axis=1))
    mixed = [*songs((500,)), *songs((500,), channels=2)]
    assert first(cut_excerpts(mixed, 500, 1), 2)[0].shape == (2, 500, 2)


def test_excerpts_are_consecutive_and_each_once():
    tracks = songs((1000, 640))
    dataset = cut_excerpts(tracks, 320, 4)
    assert len(dataset) == 2
    mixtures, stems = first(dataset, 100)
    assert [len(mixture) for mixture, _ in dataset] == [4, 2]
    for source in SOURCES:
        joined = stems[source].reshape(-1, 1)
        np.testing.assert_array_equal(joined[:1000], tracks[0].stems[source])
        np.testing.assert_array_equal(joined[1000:1280], 0)
        np.testing.assert_array_equal(joined[1280:], tracks[1].stems[source])
    np.testing.assert_array_equal(mixtures, stems["vocals"] + stems["accompaniment"])


def in_wav(folder, subtype, joined=False):
    """Three stereo songs in memory, and the same in WAV files."""
    folder.mkdir()
    memory, files = [], []
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.9, 0.9, (3000 + number, 2))
        exact = np.round(noise * 32768) / 32768
        path = folder / f"{number}.wav"
        soundfile.write(path, exact, RATE, subtype=subtype)
        if joined:
            arrays = {"vocals": exact[:, 1:], "accompaniment": exact[:, :1]}
            places = {"vocals": (path, 1), "accompaniment": (path, 0)}
        else:
            soundfile.write(folder / f"{number} band.wav", -exact, RATE, subtype=subtype)
            arrays = {"vocals": exact, "accompaniment": -exact}
            places = {"vocals": path, "accompaniment": folder / f"{number} band.wav"}
        memory.append(Track.from_arrays(str(number), arrays, RATE))
        files.append(Track.from_files(str(number), places))
    return memory, files


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "PCM_24"])
@pytest.mark.parametrize("native", [False, True])
def test_files_give_the_same_examples_as_memory(tmp_path, monkeypatch, subtype, joined, native):
    """With tensorflow-io, where it is installed, and with soundfile."""
    memory, files = in_wav(tmp_path / "wav", subtype, joined)
    if not native:
        monkeypatch.setattr(tfio_reader, "_load_core_ops", lambda: None)
    expected = native and subtype != "PCM_24" and importlib.util.find_spec("tensorflow_io")
    assert (tfio_reader.open_native(files, SOURCES) is not None) == bool(expected)
    for make in (
        lambda tracks: draw_segments(tracks, 400, 4, seed=1, augment=REMIX),
        lambda tracks: cut_excerpts(tracks, 400, 4),
    ):
        assert_same(first(make(files), 24), first(make(memory), 24))


def on_workers(dataset, count):
    options = tf.data.Options()
    options.threading.private_threadpool_size = count
    return dataset.with_options(options)


def test_the_first_hundred_examples_are_always_the_same(tmp_path, monkeypatch):
    """On one worker or many, after a resume, from memory or files, with either reader."""
    memory, files = in_wav(tmp_path / "wav", "FLOAT")
    augment = Augment((0.7, 1.0), 0.5, 0.5, 0.5, 0.1, (-1, 1), (0.9, 1.1), 0.1)
    draw = SegmentSampler(memory, 400, SOURCES, augment, seed=11)
    table = hashlib.sha256(b"".join(b"".join(map(np.ndarray.tobytes, draw(i))) for i in range(100)))
    assert table.hexdigest()[:16] == "80d33cbfacf67129"

    def examples(tracks, batch_size=4, **start):
        return draw_segments(tracks, 400, batch_size, augment=augment, seed=11, **start)

    whole = first(examples(memory), 100)
    assert_same(first(on_workers(examples(memory), 1), 100), whole)
    assert_same(first(on_workers(examples(files), 8), 100), whole)
    rest = first(examples(files, 1, start=37), 63)
    assert_same(rest, (whole[0][37:], {source: stem[37:] for source, stem in whole[1].items()}))
    monkeypatch.setattr(tfio_reader, "_load_core_ops", lambda: None)
    assert_same(first(examples(files), 100), whole)


def shorten(path):
    os.truncate(path, path.stat().st_size // 2)


def spoil(path):
    """Not-a-numbers in the second half of a WAV file of floats."""
    samples, _ = soundfile.read(path)
    samples[len(samples) // 2 :] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")


def scramble(path):
    """Noise over the middle of a file."""
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = np.random.default_rng(0).bytes(third)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "suffix"),
    [
        (shorten, "wav"),
        (spoil, "wav"),
        (pathlib.Path.unlink, "wav"),
        (shorten, "flac"),
        (scramble, "flac"),
    ],
)
@pytest.mark.parametrize("native", [False, True])
def test_a_file_that_is_damaged_during_training_raises_an_error(
    tmp_path, monkeypatch, native, harm, suffix
):
    """An error names it; no example is made of it, and the stream does not just end."""
    if not native:
        monkeypatch.setattr(tfio_reader, "_load_core_ops", lambda: None)
    files, memory = [], []
    for number in range(2):
        noise = np.random.default_rng(number).integers(-30000, 30000, (40000, 1)) / 32768
        path = tmp_path / f"la là {number}.{suffix}"
        subtype = "FLOAT" if suffix == "wav" else "PCM_16"
        soundfile.write(path, noise, RATE, subtype=subtype)
        files.append(Track.from_files(str(number), {"vocals": path}))
        memory.append(Track.from_arrays(str(number), {"vocals": noise}, RATE))
    form = {"length": 4000, "batch_size": 1, "sources": ("vocals",), "seed": 5}
    batches = draw_segments(files, **form).as_numpy_iterator()
    wanted = draw_segments(memory, **form).as_numpy_iterator()
    np.testing.assert_array_equal(next(batches)[0], next(wanted)[0])
    harm(path)
    with pytest.raises(tf.errors.OpError, match=re.escape(str(path))):
        for (mixture, _), (expected, _) in zip(batches, itertools.islice(wanted, 200)):  # noqa: B905
            np.testing.assert_array_equal(mixture, expected)


@pytest.mark.parametrize("make", [draw_segments, cut_excerpts])
def test_the_end_of_a_pipeline_does_not_wait(make):
    """TensorFlow's thread that tunes a pipeline sleeps up to a minute before it ends."""
    assert make(songs(), 320, 4).options().autotune.enabled is False


def test_silent_stems_give_ordinary_examples():
    silent = {"vocals": np.zeros((2000, 1)), "accompaniment": ramp(0, "accompaniment", 2000)}
    mixture, stems = first(draw_segments([Track.from_arrays("la", silent, RATE)], 320, 4), 8)
    np.testing.assert_array_equal(mixture, stems["accompaniment"])
    np.testing.assert_array_equal(stems["vocals"], 0)


def test_memory_holds_neither_songs_nor_examples():
    """150 songs of four minutes are 12 GB; see the benchmark for 2,000 segments of them."""
    script = pathlib.Path(__file__).parents[1] / "benchmarks" / "data.py"
    command = [sys.executable, script, "--memory", "native", "--segments", "120"]
    assert float(subprocess.check_output(command, text=True).splitlines()[-1]) < 400


def test_pipelines_side_by_side_do_not_disturb_each_other(tmp_path):
    """tensorflow-io's own `AudioIOTensor` gives pieces of the wrong file here."""
    memory, files = in_wav(tmp_path / "wav", "FLOAT")
    together = zip(
        *(draw_segments(files, 100, 8, seed=1, start=start) for start in (0, 0, 3)),
        *(draw_segments(memory, 100, 8, seed=1, start=start) for start in (0, 0, 3)),
        strict=True,
    )
    for a, b, c, *expected in itertools.islice(together, 30):
        for (mixture, _), (wanted, _) in zip((a, b, c), expected, strict=True):
            np.testing.assert_array_equal(mixture, wanted)


def test_a_file_whose_name_is_not_utf_8_is_not_given_to_tensorflow(tmp_path):
    _, (track, *_) = in_wav(tmp_path / "wav", "FLOAT")
    path = tmp_path / "wav" / os.fsdecode(b"caf\xe9.wav")
    (tmp_path / "wav" / "0.wav").rename(path)
    track.readers["vocals"] = dataclasses.replace(track.readers["vocals"], path=str(path))
    assert tfio_reader.open_native([track], SOURCES) is None


def test_a_missing_tensorflow_io_is_logged_once(tmp_path, monkeypatch, caplog):
    _, files = in_wav(tmp_path / "wav", "FLOAT")
    monkeypatch.setitem(sys.modules, "tensorflow_io.python.ops", None)
    tfio_reader._load_core_ops.cache_clear()
    with caplog.at_level(logging.INFO):
        assert tfio_reader.open_native(files, SOURCES) is None
        assert tfio_reader.open_native(files, SOURCES) is None
    tfio_reader._load_core_ops.cache_clear()
    assert [record.message.count("tensorflow-io") for record in caplog.records] == [1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tracks": []}, "tracks is empty"),
        ({"length": 0}, "length=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"sample_rate": 16000}, r"'song 0'.*not at 16000 Hz; use track.resample"),
        ({"channels": 2, "tracks": songs(channels=3)}, "channels=2"),
        ({"sources": ("piano",)}, "'?piano'?"),
    ],
)
def test_bad_arguments(arguments, words):
    for make in (draw_segments, cut_excerpts):
        with pytest.raises(ValueError, match=words):
            make(**{"tracks": songs(), "length": 320, "batch_size": 4} | arguments)


def test_bad_numbers():
    for name in ("seed", "start"):
        with pytest.raises(ValueError, match=f"{name}=-1"):
            draw_segments(songs(), 320, 4, **{name: -1})
