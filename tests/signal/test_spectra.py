import librosa
import numpy as np
import pytest
import scipy.signal

from sepmodels import signal


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("window", ["hann", "blackmanharris"])
@pytest.mark.parametrize(
    ("n_fft", "hop_length"), [(64, 16), (64, 32), (60, 20), (64, 48), (61, 20)]
)
@pytest.mark.parametrize("time", [1, 15, 64, 333])
def test_every_sample_comes_back(time, n_fft, hop_length, window):
    samples = noise(2, time)
    spectrum = signal.stft(samples, n_fft, hop_length, window)
    assert spectrum[0].shape == (2, -(-time // hop_length) + 1, n_fft // 2 + 1)
    again = signal.istft(spectrum, time, n_fft, hop_length, window)
    np.testing.assert_allclose(again, samples, atol=2e-6 if window == "hann" else 2e-3)


def test_a_crop_is_a_slice():
    x = noise(2, 9, 5)
    np.testing.assert_array_equal(signal.crop(x, 2, 4), x[:, 2:6])
    np.testing.assert_array_equal(signal.crop(x, 1, 3, axis=-1), x[..., 1:4])


def test_frames_add_up_along_any_axis():
    framed = noise(2, 4, 6, 3)
    moved = np.moveaxis(framed, 3, 1)  # (2, 3, 4, 6)
    added = np.asarray(signal.overlap_add(framed, 2, axis=1))
    np.testing.assert_array_equal(added, np.moveaxis(signal.overlap_add(moved, 2), 1, 2))
    np.testing.assert_array_equal(added[:, 2:4], framed[:, 0, 2:4] + framed[:, 1, :2])


def test_stft_is_librosas():
    samples = noise(4000)
    real, imaginary = (np.asarray(part)[0] for part in signal.stft(samples[None], 512, 128))
    theirs = librosa.stft(samples, n_fft=512, hop_length=128, pad_mode="constant").T
    np.testing.assert_allclose((real + 1j * imaginary)[: len(theirs)], theirs, atol=1e-4)


def test_window_is_periodic_and_named_as_in_scipy():
    window = signal.make_window("blackmanharris", 32)
    np.testing.assert_allclose(window, scipy.signal.get_window("blackmanharris", 32), atol=1e-7)
    assert float(signal.make_window("hann", 32)[16]) == 1.0


def test_a_tone_is_one_line():
    tone = np.sin(2 * np.pi * 0.125 * np.arange(2048, dtype="float32"))
    magnitude = np.asarray(signal.compute_magnitude(*signal.stft(tone[None], 512, 128)))[0, 8]
    assert magnitude.argmax() == 64  # 0.125 cycles per sample of 512
    assert magnitude[64] == pytest.approx(512 / 4, rel=1e-3)  # a Hann window holds half its length
    assert magnitude[[40, 100]].max() < 1e-3 * magnitude[64]


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "named"),
    [(100, 76, "hop_length=76"), (64, 64, "hop_length=64"), (0, 1, "n_fft=0"), (64, True, "True")],
)
def test_bad_transform_is_named(n_fft, hop_length, named):
    with pytest.raises(ValueError, match=named):
        signal.stft(noise(1, 200), n_fft, hop_length)


def test_compression_keeps_silence_and_order():
    magnitudes = np.array([0.0, 1e-3, 1.0, 100.0], "float32")
    compressed = np.asarray(signal.compress_magnitude(magnitudes))
    assert compressed[0] == 0
    assert (np.diff(compressed) > 0).all()
    assert compressed[3] - compressed[2] == pytest.approx(np.log(100), rel=0.01)
