import keras
import numpy as np
import pytest

from sepmodels import signal
from sepmodels.layers.mu_law import MuLawDecode, MuLawEncode

CLASSES = np.arange(256)


def snr(samples, decoded):
    return 10 * np.log10(np.sum(samples**2) / np.sum((samples - np.asarray(decoded)) ** 2))


def uniform_noise(count=100_000):
    return np.random.default_rng(0).uniform(-1, 1, count).astype("float32")


def test_companding_is_the_papers_formula():
    x = uniform_noise(1000).astype("float64")
    expected = np.sign(x) * np.log(1 + 255 * np.abs(x)) / np.log(256)
    np.testing.assert_allclose(signal.mu_law_compress(x), expected, atol=1e-6)
    np.testing.assert_allclose(signal.mu_law_expand(expected), x, atol=1e-5)


def test_rounding_restores_every_class():
    np.testing.assert_array_equal(signal.mu_law_encode([0.0, 1.0, -1.0]), [128, 255, 0])
    samples = signal.mu_law_decode(CLASSES)
    np.testing.assert_array_equal(signal.mu_law_encode(samples), CLASSES)
    # There is no exact silence.
    np.testing.assert_allclose(samples[127:129], [-8.6e-5, 8.6e-5], rtol=0.01)


def test_truncation_does_not_restore_every_class():
    assert signal.mu_law_encode([0.0], convention="truncate")[0] == 127
    samples = signal.mu_law_decode(CLASSES, convention="truncate")
    np.testing.assert_allclose([samples[0], samples[255]], [-1, 0.957], atol=1e-3)
    again = signal.mu_law_encode(samples, convention="truncate")
    assert np.any(again != CLASSES)


def test_error_of_each_convention_and_of_mixing_them():
    x = uniform_noise()

    def kept(there, back):
        classes = signal.mu_law_encode(x, convention=there)
        return snr(x, signal.mu_law_decode(classes, convention=back))

    np.testing.assert_allclose(kept("round", "round"), 37.97, atol=0.05)
    np.testing.assert_allclose(kept("truncate", "truncate"), 26.28, atol=0.05)
    assert 30 < kept("round", "truncate") < 32
    assert 30 < kept("truncate", "round") < 32


def test_louder_than_full_scale_is_clipped():
    np.testing.assert_array_equal(signal.mu_law_encode([-7.0, 7.0]), [0, 255])
    np.testing.assert_array_equal(signal.mu_law_expand([-7.0, 7.0]), [-1, 1])


def test_silence_pads_a_quantised_signal_with_128():
    wave = uniform_noise(9)
    padded_after = np.pad(signal.mu_law_encode(wave), 3, constant_values=128)
    np.testing.assert_array_equal(signal.mu_law_encode(np.pad(wave, 3)), padded_after)
    assert signal.mu_law_decode(0) == -1  # what zeros would sound like


@pytest.mark.parametrize("convention", ["round", "truncate"])
def test_layers_are_the_functions(convention):
    wave = uniform_noise(60).reshape(2, 30, 1)
    arguments = {"classes": 16, "convention": convention}
    index = MuLawEncode(**arguments)(wave)
    assert index.dtype == "int32"
    np.testing.assert_array_equal(index, signal.mu_law_encode(wave, 16, convention))
    decoded = signal.mu_law_decode(index, 16, convention)
    np.testing.assert_array_equal(MuLawDecode(**arguments)(index), decoded)


def test_without_quantisation_nothing_is_lost():
    wave = uniform_noise(60).reshape(2, 30, 1)
    companded = MuLawEncode(quantize=False)(wave)
    assert len(np.unique(companded)) == 60
    np.testing.assert_allclose(MuLawDecode(quantize=False)(companded), wave, atol=1e-6)


@pytest.mark.parametrize("cls", [MuLawEncode, MuLawDecode])
def test_bad_argument_is_named(cls):
    with pytest.raises(ValueError, match="convention='floor'"):
        cls(convention="floor")
    with pytest.raises(ValueError, match="classes=1"):
        cls(classes=1)


@pytest.mark.parametrize("layer", [MuLawEncode, MuLawDecode])
def test_masks_are_passed_on(layer):
    masked = keras.layers.Masking()(np.float32([[[0.5], [0.0]]]))
    np.testing.assert_array_equal(layer(quantize=False)(masked)._keras_mask, [[True, False]])
