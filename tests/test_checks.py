"""An error names the argument, what it may be, and what it was."""

import inspect
import re

import numpy as np
import pytest

import sepmodels as sm
from sepmodels import _checks


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, True, None, "3", (1, 0)])
def test_positive(value):
    _checks.positive(size=3, sizes=(1, np.int64(2)), none=())
    bad = value[1] if isinstance(value, tuple) else value
    with pytest.raises(ValueError, match=f"size must be a positive integer.*size={bad!r}"):
        _checks.positive(other=1, size=value)


def test_odd():
    _checks.odd(size=1, other=15)
    with pytest.raises(ValueError, match="size must be odd. Received: size=4"):
        _checks.odd(size=4)
    with pytest.raises(ValueError, match="size=-1"):
        _checks.odd(size=-1)


def test_one_of():
    _checks.one_of(color=("red", ("red", "blue")), shape=(None, {"round": 1, None: 2}))
    with pytest.raises(ValueError, match=r"color must be one of \('red', 'blue'\).*color='pink'"):
        _checks.one_of(color=("pink", {"red": 1, "blue": 2}))


@pytest.mark.parametrize("values", ["vocals", ["vocals"], ["bass", "bass"], []])
def test_names(values):
    assert _checks.names("sources", ["b", "a"], least=2) == ("b", "a")
    with pytest.raises(ValueError, match="sources must be a sequence of at least 2 different"):
        _checks.names("sources", values, least=2)


@pytest.mark.parametrize(
    ("samples", "error", "words"),
    [
        (np.zeros((100, 2), "int16"), TypeError, r"divided by 32768. Received: dtype=int16"),
        (np.zeros((100, 2), "uint8"), TypeError, r"convert it to float32. Received: dtype=uint8"),
        (np.zeros((100, 2), "complex64"), TypeError, "dtype=complex64"),
        (np.zeros((2, 100)), ValueError, r"transpose it \(song.T\). Received: shape \(2, 100\)"),
        (np.zeros((1, 100)), ValueError, "transpose it"),
        (np.zeros(100), ValueError, r"must be \(time, channels\). Received: shape \(100,\)"),
        (np.zeros((1, 100, 2)), ValueError, r"Received: shape \(1, 100, 2\)"),
        (np.zeros((100, 0)), ValueError, r"Received: shape \(100, 0\)"),
        (np.zeros((0, 2)), ValueError, "not empty"),
        ([[0.0], [0.0], [np.nan]], ValueError, "NaN or infinite samples, the first at sample 2"),
        (np.array([[0.0, -np.inf]] * 2), ValueError, "the first at sample 0"),
    ],
)
def test_sound_is_refused(samples, error, words):
    with pytest.raises(error, match=words) as raised:
        _checks.sound("song", samples)
    assert str(raised.value).startswith("song ")


def test_sound_is_float_with_time_first():
    for dtype in ("float16", "float32", "float64"):
        assert _checks.sound("song", np.ones((3, 2), dtype)).dtype == dtype
    assert _checks.sound("song", [0.5, 1.5], mono=True).tolist() == [[0.5], [1.5]]
    assert _checks.sound("song", np.zeros((1, 2))).shape == (1, 2)  # a block of one sample
    assert _checks.sound("song", np.zeros((0, 2)), empty=True).shape == (0, 2)
    assert _checks.sound("song", np.zeros((2, 6)), channels=6).shape == (2, 6)
    with pytest.raises(ValueError, match=r"must be \(time, 2\); transpose it"):
        _checks.sound("song", np.zeros((2, 6)), channels=2)


ORACLES = ("apply_ratio_mask", "apply_binary_mask", "apply_multichannel_wiener")


def write_block(path, block):
    with sm.audio.Writer(path, 8000, 1) as writer:
        writer.write(block)


def doors():
    """Every public function that takes sound, as a function of one array and of nothing else."""
    model = sm.models.DilatedConvGRU(filters=4, bidirectional=False, causal=True)
    good = np.sin(np.arange(4000.0))[:, None]
    truth = {"vocals": good, "accompaniment": 0.5 * good}

    def swap(name, samples):
        return {**truth, name: samples}

    stream = sm.stream(model)
    wavenet = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2))
    translation = sm.models.MusicTranslation(filters=4, pooling=80, depths=(2, 2), stacks=(1, 1))
    return {
        "audio.write": lambda x: sm.audio.write("runs/door.wav", x, 8000),
        "audio.Writer": lambda x: write_block("door.wav", x),
        "audio.resample": lambda x: sm.audio.resample(x, 8000, 4000),
        "audio.Resampler": lambda x: sm.audio.Resampler(8000, 4000, 1).push(x),
        "audio.stretch": lambda x: sm.audio.stretch(x, 1.1),
        "audio.BlockStream": lambda x: sm.audio.BlockStream(x, 8000),
        "Track.from_arrays": lambda x: sm.datasets.Track.from_arrays("a", swap("vocals", x), 8000),
        "separate": lambda x: sm.separate(model, x, 8000),
        "stream": stream.push,
        "evaluate": lambda x: sm.evaluate(swap("vocals", x), truth, 8000),
        "evaluate references": lambda x: sm.evaluate(truth, swap("accompaniment", x), 8000),
        "evaluate mixture": lambda x: sm.evaluate(truth, truth, 8000, mixture=x),
        "metrics.sdr": lambda x: sm.metrics.sdr(good, x),
        "metrics.si_sdr": lambda x: sm.metrics.si_sdr(x, good),
        "metrics.sdr_per_window": lambda x: sm.metrics.sdr_per_window(good, x, 8000),
        "metrics.bss_eval": lambda x: sm.metrics.bss_eval(truth, swap("vocals", x), 8000),
        "metrics.nsdr": lambda x: sm.metrics.nsdr(truth, truth, x),
        "metrics.nsdr of a source": lambda x: sm.metrics.nsdr(swap("vocals", x), truth, good),
        "metrics.is_silent": lambda x: sm.metrics.is_silent(x),
        "metrics.fit": lambda x: sm.metrics.fit(x, 3),
        "oracles.apply_ratio_mask": lambda x: sm.evaluation.oracles.apply_ratio_mask(truth, x),
        "oracles.apply_binary_mask": lambda x: sm.evaluation.oracles.apply_binary_mask(truth, x),
        "oracles.apply_multichannel_wiener": lambda x: (
            sm.evaluation.oracles.apply_multichannel_wiener(swap("vocals", x), good)
        ),
        "signal.apply_shared_masks": lambda x: sm.signal.apply_shared_masks(good[:, :, None], x),
        "signal.apply_multichannel_wiener": lambda x: sm.signal.apply_multichannel_wiener(
            good[:, :, None], x
        ),
        "WaveNet.generate": lambda x: wavenet.generate(2, primer=x),
        "MusicTranslation.translate": lambda x: translation.translate(x, 8000),
        "display.Player": lambda x: sm.display.Player(swap("vocals", x), 8000),
        "display.write_report": lambda x: sm.display.write_report(
            "runs/door.html", x, truth, {}, 8000
        ),
        "display.measure_loudness": lambda x: sm.display.measure_loudness(x, 8000),
        "display.plot_spectrogram": lambda x: sm.display.plot_spectrogram(x, 8000),
        "display.plot_spectrograms": lambda x: sm.display.plot_spectrograms({"a": x}, 8000),
        "display.plot_waveforms": lambda x: sm.display.plot_waveforms({"a": x}, 8000),
    }


# What is no sound: the array, the error and its words.
NO_SOUND = {
    "int16": (np.full((4000, 1), 9000, "int16"), TypeError, "divided by 32768"),
    "uint8": (np.full((4000, 1), 9, "uint8"), TypeError, "dtype=uint8"),
    "bool": (np.zeros((4000, 1), bool), TypeError, "dtype=bool"),
    "complex": (np.zeros((4000, 1), "complex64"), TypeError, "dtype=complex64"),
    "object": (np.full((4000, 1), None), TypeError, "dtype=object"),
    "str": (np.full((4000, 1), "0.5"), TypeError, "dtype=<U3"),
    "a path": ("song.wav", TypeError, "dtype=<U8"),
    "None": (None, TypeError, "dtype=object"),
    "turned": (np.zeros((1, 4000)), ValueError, "transpose it"),
    "stereo, turned": (np.zeros((2, 4000), "float32"), ValueError, "transpose it"),
    "batch": (np.zeros((1, 4000, 1)), ValueError, r"\(1, 4000, 1\)"),
    "NaN": (np.full((4000, 1), np.nan), ValueError, "NaN or infinite samples, the first at"),
    "infinite": (np.full((4000, 1), np.inf, "float32"), ValueError, "NaN or infinite samples"),
}
# `None` is no sound, but it means something; a str is a file.
MEANING = {
    "None": {"evaluate mixture", "WaveNet.generate", "metrics.fit"},
    "a path": {"separate", "audio.BlockStream"},
}


@pytest.mark.parametrize("kind", NO_SOUND)
def test_one_door_for_arrays_of_sound(tmp_path, monkeypatch, kind, all_doors):
    monkeypatch.chdir(tmp_path)
    samples, error, words = NO_SOUND[kind]
    for name, door in all_doors.items():
        if name not in MEANING.get(kind, ()):
            with pytest.raises(error, match=words):
                door(samples)
                pytest.fail(f"{name} takes it")
    assert not any(tmp_path.rglob("*.*"))


@pytest.fixture(scope="module")
def all_doors():
    return doors()


def test_every_public_function_that_takes_sound_is_a_door(all_doors):
    """Layers and models take tensors, which Keras checks."""
    named = {name.partition(" ")[0].split(".")[-1] for name in all_doors}
    taking = set()
    for room in (sm, sm.audio, sm.datasets, sm.evaluation, sm.evaluation.oracles, sm.metrics,
                 sm.separation, sm.signal, sm.display):  # fmt: skip
        for name in getattr(room, "__all__", ORACLES):
            doc = inspect.getdoc(getattr(room, name)) or ""
            arguments = doc.partition("Args:")[2].partition("Returns:")[0]
            if re.search(r"\(time(, channels)?,?\)", arguments):
                taking.add(name)
    assert len(taking) > 20
    assert taking - {"Track"} <= named  # whose arrays `from_arrays` takes


def test_a_block_that_is_refused_leaves_no_trace_in_a_stream():
    model = sm.models.DilatedConvGRU(filters=4, bidirectional=False, causal=True)
    blocks = np.random.default_rng(0).normal(0, 0.1, (4, 2000, 1)).astype("float32")
    plain, attacked = sm.stream(model), sm.stream(model)
    for block in blocks:
        with pytest.raises(ValueError, match="NaN"):
            attacked.push(np.full((2000, 1), np.nan, "float32"))
        expected, got = plain.push(block), attacked.push(block)
        for source in expected:
            np.testing.assert_array_equal(got[source], expected[source])
