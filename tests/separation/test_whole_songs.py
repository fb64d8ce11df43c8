"""Separating does nothing to the sound but what the model does."""

import gc
import signal
import subprocess
import sys
import tracemalloc
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from sepmodels import audio
from sepmodels.separation import prediction, whole_songs
from sepmodels.separation.whole_songs import separate

RATE = 1000


class Echo(keras.Model):
    """A separator whose stems are functions of the mixture, by default the mixture itself."""

    def __init__(self, channels=1, sample_rate=RATE, cut=0, **stems):
        super().__init__()
        self.functions = stems or {"vocals": lambda mixture: mixture}
        self.sources = tuple(self.functions)
        self.sample_rate = sample_rate
        self.channels = channels
        self.cut = cut
        self.traced = 0

    def valid_length(self, n):
        return n + 2 * self.cut, n

    def call(self, mixture):
        self.traced += 1
        return {source: function(mixture) for source, function in self.functions.items()}


def noise(length, channels=1, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, (length, channels)).astype("float32")


def tone(frequency, length, sample_rate):
    return np.sin(2 * np.pi * frequency * np.arange(length) / sample_rate)[:, None]


@pytest.mark.parametrize("model_channels", [1, 2], ids=["mono model", "stereo model"])
@pytest.mark.parametrize("channels", [1, 2], ids=["mono", "stereo"])
@pytest.mark.parametrize("cut", [0, 3], ids=["padded", "valid"])
def test_identity_model_returns_its_input(model_channels, channels, cut):
    model = Echo(model_channels, cut=cut, vocals=lambda mixture: mixture[:, cut : -cut or None])
    for length in (1, 2, 99, 100, 101, 512):
        for segment, overlap in [(0.001, 0), (0.007, 0.5), (0.1, 0.25), (0.1, 0.9), (2.0, 0.25)]:
            song = noise(length, channels)
            stems = separate(model, song, RATE, segment=segment, overlap=overlap, batch_size=16)
            assert stems["vocals"].dtype == "float32"
            np.testing.assert_allclose(stems["vocals"], song, rtol=0, atol=1e-6)


@pytest.mark.parametrize("segment", [0.05, 0.3])
def test_model_without_padding_is_as_on_the_whole_song(segment):
    def smooth(mixture):  # the mean of 7 samples
        return sum(mixture[:, k : -6 + k or None] for k in range(7)) / 7

    song = noise(1001)
    stems = separate(Echo(cut=3, vocals=smooth), song, RATE, segment=segment)
    whole = np.convolve(song[:, 0], np.ones(7) / 7, "same")[:, None]
    np.testing.assert_allclose(stems["vocals"], whole, atol=1e-6)


def test_estimates_that_differ_are_joined_without_a_step():
    # Each window becomes its own mean, which is another one in every window.
    model = Echo(vocals=lambda x: tf.zeros_like(x) + tf.reduce_mean(x, axis=1, keepdims=True))
    song = np.linspace(-1, 1, 1000)
    stem = separate(model, song, RATE, segment=0.1, overlap=0.5)["vocals"]
    assert np.abs(np.diff(stem, axis=0)).max() < 2 * np.diff(song).max() + 1e-6


def test_mono_model_takes_one_channel_at_a_time():
    model = Echo(vocals=lambda x: x / tf.reduce_max(tf.abs(x), axis=(1, 2), keepdims=True))
    song = noise(300, 2) * [1, 5]
    stem = separate(model, song, RATE)["vocals"]
    np.testing.assert_allclose(stem, song / np.abs(song).max(axis=0), atol=1e-6)


def test_stereo_model_takes_mono_twice_and_its_stems_are_averaged():
    model = Echo(channels=2, vocals=lambda x: x * [1.0, 3.0])
    song = noise(300)
    np.testing.assert_allclose(separate(model, song, RATE)["vocals"], 2 * song, atol=1e-6)


@pytest.mark.parametrize("sample_rate", [1000, 1500, 44100])
@pytest.mark.parametrize("length", [1, 7777])
def test_stems_sum_to_the_mixture_at_its_own_rate(sample_rate, length):
    model = Echo(vocals=lambda x: 0.3 * x, accompaniment=lambda x: 0 * x)
    song = noise(length, 2)
    stems = separate(model, song, sample_rate, segment=0.5)
    np.testing.assert_allclose(sum(stems.values()), song, atol=1e-6)


def test_the_band_above_that_of_the_model_goes_to_the_residual():
    model = Echo(sample_rate=8000, vocals=lambda x: x, accompaniment=lambda x: 0 * x)
    low, high = tone(400, 20000, 32000), tone(12000, 20000, 32000)
    stems = separate(model, low + high, 32000)
    middle = slice(2000, -2000)
    np.testing.assert_allclose(stems["vocals"][middle], low[middle], atol=1e-3)
    np.testing.assert_allclose(stems["accompaniment"][middle], high[middle], atol=1e-3)


def test_residual_is_chosen_by_name_or_left_out():
    model = Echo(vocals=lambda x: 0.5 * x, accompaniment=lambda x: 0.1 * x)
    song = noise(50)
    auto = separate(model, song, RATE)
    named = separate(model, song, RATE, residual="vocals")
    none = separate(model, song, RATE, residual=None)
    for stems, vocals, accompaniment in [(auto, 0.5, 0.5), (named, 0.9, 0.1), (none, 0.5, 0.1)]:
        np.testing.assert_allclose(stems["vocals"], vocals * song, atol=1e-6)
        np.testing.assert_allclose(stems["accompaniment"], accompaniment * song, atol=1e-6)


@pytest.mark.parametrize("sample_rate", [8000, 22050, 96000])
def test_a_tone_stays_that_tone_at_any_rate(tmp_path, sample_rate):
    song = 0.5 * tone(300, sample_rate // 2 + 1, sample_rate)
    audio.write(tmp_path / "song.wav", song, sample_rate)
    stem = separate(Echo(sample_rate=16000), tmp_path / "song.wav", segment=0.1)["vocals"]
    middle = slice(sample_rate // 20, -sample_rate // 20)
    assert stem.shape == song.shape
    np.testing.assert_allclose(stem[middle], song[middle], atol=1e-3)


def test_a_second_song_is_not_traced_again():
    model = Echo()
    for number, (length, channels, segment) in enumerate([(900, 1, 0.1), (350, 2, 0.2)]):
        song = noise(length, channels, seed=number)
        stem = separate(model, song, RATE, segment=segment, batch_size=3)["vocals"]
        np.testing.assert_allclose(stem, song, atol=1e-6)
    assert model.traced == 1


def test_a_model_that_separated_is_not_kept_in_memory():
    model = Echo()
    separate(model, noise(10), RATE)
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


def test_half_precision_estimates_become_float32():
    model = Echo(vocals=lambda x: tf.cast(x, "float16"))
    stem = separate(model, noise(500), RATE, segment=0.1)["vocals"]
    assert stem.dtype == "float32"
    np.testing.assert_allclose(stem, noise(500), atol=1e-3)


def test_files_hold_what_arrays_hold(tmp_path):
    model = Echo(vocals=lambda x: 0.3 * x, accompaniment=lambda x: x)
    audio.write(tmp_path / "my song.wav", noise(70001, 2), 8000)
    stems = separate(model, noise(70001, 2), 8000)
    files = separate(model, tmp_path / "my song.wav", output=tmp_path / "out")
    assert sorted(tmp_path.glob("out/**/*.*")) == sorted(files.values())
    for source, path in files.items():
        assert path == tmp_path / "out" / "my song" / f"{source}.wav"
        samples, sample_rate = audio.read(path)
        assert sample_rate == 8000
        np.testing.assert_array_equal(samples, stems[source])


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_formats(tmp_path, format):
    song = 0.5 * tone(300, 20001, 16000)
    path = separate(Echo(), song, 16000, output=tmp_path, format=format)["vocals"]
    assert path == tmp_path / "mixture" / f"vocals.{format}"
    assert audio.info(path) == (16000, 1, 20001)


def test_memory_does_not_grow_with_the_song(tmp_path):
    peaks = []
    for blocks in (16, 64):
        audio.write(tmp_path / "song.wav", noise(blocks * 65536), 8000)
        tracemalloc.start()
        model = Echo(sample_rate=4000, vocals=lambda x: x, accompaniment=lambda x: x)
        separate(model, tmp_path / "song.wav", output=tmp_path, segment=2.0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]  # for four times the song; the threads take turns
    assert peaks[1] < 64 * 65536  # a quarter of the song, which is float32


def test_interrupted_leaves_old_files_as_they_were(tmp_path, monkeypatch):
    first = separate(Echo(), noise(500), RATE, output=tmp_path)["vocals"]
    before = first.read_bytes()
    written = audio.Writer.write

    def interrupted(self, block):
        if self.length:
            raise KeyboardInterrupt
        written(self, block)

    monkeypatch.setattr(audio.Writer, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        separate(Echo(), noise(500, seed=1), RATE, output=tmp_path, segment=0.1)
    assert first.read_bytes() == before
    assert list(first.parent.iterdir()) == [first]


def test_a_signal_leaves_no_half_file(tmp_path):
    """Ctrl-C in another process, while it writes."""
    code = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_whole_songs
song = test_whole_songs.noise(4_000_000)
written = test_whole_songs.audio.Writer.write
def write(self, block):
    written(self, block)
    print("written", flush=True)
test_whole_songs.audio.Writer.write = write
test_whole_songs.separate(test_whole_songs.Echo(), song, 1000, output={str(tmp_path)!r})
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-3) as running:
        assert running.stdout.readline() == b"written\n"
        running.send_signal(signal.SIGINT)
        running.stdout.read()
    assert running.returncode != 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_only_the_stems_asked_for(tmp_path):
    model = Echo(vocals=lambda x: 0.3 * x, accompaniment=lambda x: 0.5 * x)
    song = noise(700)
    both = separate(model, song, RATE)
    for source in both:
        stems = separate(model, song, RATE, stems=[source], output=tmp_path / source)
        assert list(stems) == [source]
        np.testing.assert_array_equal(audio.read(stems[source])[0], both[source])


@pytest.mark.parametrize("subtype, step", [("int16", 2**-15), ("int24", 2**-23), ("float32", 0)])
def test_subtypes(tmp_path, subtype, step):
    song = noise(5000)
    file = separate(Echo(), song, RATE, output=tmp_path, subtype=subtype)["vocals"]
    assert np.abs(audio.read(file)[0] - song).max() <= step + 1e-7


def test_shifts_move_the_windows_and_nothing_else():
    """An echo stays; what depends on where a window starts is averaged."""
    model = Echo(
        vocals=lambda x: x, accompaniment=lambda x: 0 * x + tf.linspace(0.0, 1.0, 100)[:, None]
    )
    song = noise(3000, 2)
    options = {"segment": 0.1, "overlap": 0, "residual": None}
    once, often, again = (separate(model, song, RATE, shifts=n, **options) for n in (1, 20, 20))
    np.testing.assert_allclose(often["vocals"], song, atol=1e-6)
    assert often["accompaniment"].std() < 0.5 * once["accompaniment"].std()
    for source in often:
        np.testing.assert_array_equal(often[source], again[source])


def test_linked_channels_keep_the_position_of_every_source():
    """What sounds from the left alone does so afterwards, and its level is as before."""
    times = np.arange(8000) / 8000
    left = np.sin(2 * np.pi * 500 * times)[:, None] * [0.8, 0.0]
    right = np.sin(2 * np.pi * 2000 * times)[:, None] * [0.2, 0.5]
    low = np.fft.rfftfreq(8000, 1 / 8000)[:, None] < 1000

    def lows(x):
        return tf.transpose(
            tf.signal.irfft(tf.signal.rfft(tf.transpose(x, (0, 2, 1))) * low.T), (0, 2, 1)
        )

    model = Echo(sample_rate=8000, vocals=lows, accompaniment=lambda x: x - lows(x))
    stems = separate(model, left + right, 8000, segment=1.0, linked=True)
    inner = slice(1000, -1000)
    np.testing.assert_allclose(stems["vocals"][inner], left[inner], atol=2e-3)
    np.testing.assert_allclose(stems["accompaniment"][inner], right[inner], atol=2e-3)


def test_wiener_brings_leaking_estimates_closer():
    """Two sources at two positions; each estimate holds a third of the other."""
    left, right = noise(16000, seed=1) * [1.0, 0.3], noise(16000, seed=2) * [0.2, 1.0]

    def leaking(a, b):
        return lambda x: tf.constant((a + b / 3)[None], "float32")

    model = Echo(channels=2, vocals=leaking(left, right), accompaniment=leaking(right, left))
    options = {"segment": 16.0, "residual": None}
    errors = [
        np.square(separate(model, left + right, RATE, wiener=n, **options)["vocals"] - left).sum()
        for n in (0, 1)
    ]
    assert errors[1] < 0.3 * errors[0]


def test_memory_halves_the_batch_until_it_fits():
    """Without a batch_size the windows go through in fewer pieces, and all of them do."""
    sizes = []

    def small(mixture):
        sizes.append(len(mixture))
        if len(mixture) > 1:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return [tf.constant(mixture)]

    model = Echo()
    prediction._GRAPHS[model] = {((None, None), "vocals"): small}
    song = noise(1000)
    np.testing.assert_allclose(separate(model, song, RATE, segment=0.1)["vocals"], song, atol=1e-6)
    assert sizes[:3] == [4, 2, 1] and set(sizes[3:]) == {1}
    with pytest.raises(MemoryError, match="2 windows.*lower batch_size"):
        separate(model, song, RATE, segment=0.1, batch_size=2)


@pytest.mark.parametrize("channels", [1, 2], ids=["mono", "stereo"])
def test_a_long_song_runs_in_a_graph_of_one_shape(monkeypatch, channels):
    model, song = Echo(), noise(950, channels)
    expected = separate(model, song, RATE, segment=0.1, overlap=0)["vocals"]
    monkeypatch.setattr(whole_songs, "_LONG", 0.95)
    rows = []
    model.functions = {"vocals": lambda mixture: rows.append(mixture.shape) or mixture}
    stems = separate(model, song, RATE, segment=0.1, overlap=0, batch_size=4)  # 4, 4 and 2
    np.testing.assert_array_equal(stems["vocals"], expected)
    assert rows == [(4 * channels, 100, 1)]  # traced once


def test_a_wide_model_gets_fewer_windows_at_once():
    inputs = keras.Input((None, 1))
    wide = keras.Model(inputs, keras.layers.Dense(512)(inputs))
    wide.channels = 1
    assert prediction._estimate_batch_size(wide, 100, 1, False) == prediction._ROWS["CPU"]
    assert prediction._estimate_batch_size(wide, 100, 2, False) == prediction._ROWS["CPU"] // 2
    assert prediction._estimate_batch_size(wide, 160000, 2, False) == 1
    assert prediction._estimate_batch_size(wide, 100, 1, False, "GPU:0") == prediction._ROWS["GPU"]


@pytest.mark.parametrize(
    "song, sample_rate, words",
    [
        (np.zeros((0, 2)), RATE, "empty"),
        (np.zeros(0), RATE, "empty"),
        (np.array([0, 0, np.nan, 0]), RATE, "NaN.*sample 2"),
        (np.zeros((100, 8)), RATE, "8 channels"),
        (np.zeros((2, 100)), RATE, r"transpose it"),
        (np.zeros((1, 2, 3)), RATE, r"\(1, 2, 3\)"),
        (np.zeros(10), None, "sample_rate"),
        (np.zeros(10), 0, "rate"),
    ],
)
def test_arrays_that_are_no_song_are_refused(song, sample_rate, words):
    with pytest.raises(ValueError, match=words) as caught:
        separate(Echo(), song, sample_rate)
    assert "\n" not in str(caught.value)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="int16"):
        separate(Echo(), np.zeros(10, "int16"), RATE)


@pytest.mark.parametrize(
    "argument, words",
    [
        ({"segment": 0}, "segment=0"),
        ({"segment": 1e-6}, "segment must hold a sample at .* segment=1e-06"),
        ({"overlap": 1}, "overlap=1"),
        ({"overlap": -0.1}, "overlap=-0.1"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"shifts": 0}, "shifts=0"),
        ({"wiener": -1}, "wiener=-1"),
        ({"wiener": 1}, "two sources"),
        ({"linked": True}, "two sources"),
        ({"device": "TPU:7"}, "CPU:0.*device='TPU:7'"),
        ({"stems": ["drums"]}, "drums"),
        ({"stems": "vocals"}, "in a list"),
        ({"residual": "drums"}, "residual='drums'"),
        ({"residual": "vocals"}, "residual='vocals'"),  # its only source
    ],
)
def test_arguments_out_of_range_are_refused(argument, words):
    with pytest.raises(ValueError, match=words):
        separate(Echo(), noise(10), RATE, **argument)


def test_a_sample_rate_beside_a_file_is_refused(tmp_path):
    audio.write(tmp_path / "song.wav", noise(10), 8000)
    with pytest.raises(ValueError, match="8000 Hz"):
        separate(Echo(), tmp_path / "song.wav", 44100)


def test_a_model_that_is_no_separator_is_refused():
    with pytest.raises(TypeError, match="Sequential has no sources"):
        separate(keras.Sequential(), noise(10), RATE)


def test_a_model_whose_valid_length_is_wrong_is_named():
    model = Echo(vocals=lambda x: x[:, 1:])
    with pytest.raises(ValueError, match=r"Echo.valid_length is 10 .* returned 9"):
        separate(model, noise(10), RATE)


def test_too_little_memory_names_what_to_lower():
    def exhausted(mixture):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory")

    with pytest.raises(MemoryError, match="lower segment"):
        separate(Echo(vocals=exhausted), noise(10), RATE)


def test_the_bar_is_drawn_when_asked_for(capsys):
    separate(Echo(), noise(500), RATE, segment=0.1)
    assert capsys.readouterr().err == ""
    separate(Echo(), noise(500), RATE, segment=0.1, progress=True)
    assert "mixture" in capsys.readouterr().err
