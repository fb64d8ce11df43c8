import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal.windows import blackmanharris

from sepmodels import signal
from sepmodels.models.deep_conv_sep import DeepConvSep
from sepmodels.training import losses

SMALL = {
    "n_fft": 32,
    "hop_length": 16,
    "frames": 6,
    "step": 2,
    "filters": 3,
    "horizontal": (3, 1),
    "units": 8,
}
TWO = {**SMALL, "sources": ("vocals", "accompaniment"), "vertical": 5, "horizontal": (3, 2)}
IKALA = {
    "sources": ("vocals", "accompaniment"),
    "filters": 30,
    "vertical": 30,
    "stride": 3,
    "horizontal": (10, 20),
    "units": 256,
}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture
def shape_only():
    """Models have weights of a shape but without values, so that the largest fits anywhere."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()


def inner(model, name):
    return model.get_layer("masks").layer.get_layer(name)


def spectrum(wave, n_fft=32, hop_length=16):
    return signal.stft(wave, n_fft, hop_length, "blackmanharris")


# === The paper's numbers ===


@pytest.mark.parametrize(
    ("arguments", "first", "second", "flat", "total"),
    [
        # 25,650 + 37,500 in the convolutions, each with two biases of 50; 800 * 128 + 128 in the
        # dense layer; four times 128 * 800 + 800 in those of the sources; four biases at the end.
        ({}, (30, 1, 50), (16, 1, 50), 800, 578_682),
        # Without the dense layer of the fourth source, which the published code never used.
        ({"bug_compat": True}, (30, 1, 50), (16, 1, 50), 800, 578_682 - 103_200),
        (IKALA, (30, 162, 30), (21, 143, 30), 90_090, 69_550_578),
    ],
)
def test_parameters_and_shapes(shape_only, arguments, first, second, flat, total):
    model = DeepConvSep(**arguments)
    assert model.count_params() == total
    assert inner(model, "vertical").output.shape[1:] == first
    assert inner(model, "horizontal").output.shape[1:] == second
    assert inner(model, "flat").output.shape[1:] == (flat,)
    kernels = [np.prod(inner(model, name).kernel.shape) for name in ("vertical", "horizontal")]
    assert kernels == ([900, 180_000] if arguments is IKALA else [25_650, 37_500])


def test_convolutions_are_linear_with_two_biases_and_dense_layers_are_relu():
    model = DeepConvSep(**SMALL)
    for name in ("vertical", "horizontal"):
        assert inner(model, name).activation is keras.activations.linear
        assert inner(model, name).bias.shape == inner(model, f"{name}_bias").bias.shape == (3,)
    for name in ("shared", *model.sources):
        assert inner(model, name).activation is keras.activations.relu
    assert inner(model, "output_bias").bias.shape == (4,)


# === The network ===


def test_decoder_owns_no_kernel_and_trains_the_encoders():
    model = DeepConvSep(**SMALL)
    for name in ("vertical", "horizontal"):
        decoders = [inner(model, f"{source}_{name}") for source in model.sources]
        assert {id(decoder.convolution) for decoder in decoders} == {id(inner(model, name))}
    kernels = [weight for weight in model.weights if len(weight.shape) == 4]
    assert len(kernels) == 2
    # Nothing but the decoder is between the kernels and this loss.
    x, like = noise(1, 4, 1, 3), np.zeros((1, 6, 1, 3), "float32")
    with tf.GradientTape() as tape:
        x = inner(model, "bass_horizontal")((x, like))
        x = inner(model, "bass_vertical")((x, noise(1, 6, 17, 1)))
        loss = tf.reduce_sum(x**2)
    for gradient in tape.gradient(loss, [kernel.value for kernel in kernels]):
        assert np.all(np.asarray(gradient) != 0)


def test_masks_share_a_window_among_the_sources():
    network = DeepConvSep(**{**SMALL, "channels": 2}).get_layer("masks").layer
    masks = np.asarray(network(np.abs(noise(3, 6, 17, 2))))
    assert masks.shape == (3, 6, 17, 2, 4)
    assert masks.min() >= 0
    np.testing.assert_allclose(masks.sum(axis=-1), 1, atol=1e-6)
    assert masks.std() > 0.01


def test_noise_of_the_mask_is_constant_and_shares_silence_evenly():
    first, second = (DeepConvSep(**SMALL).get_layer("masks").layer for _ in range(2))
    silence = np.zeros((1, 6, 17, 1), "float32")
    np.testing.assert_allclose(first(silence), 0.25, atol=1e-6)
    second.set_weights(first.get_weights())
    for level in (1e-7, 1.0):
        window = level * np.abs(noise(1, 6, 17, 1))
        np.testing.assert_array_equal(first(window), first(window))
        np.testing.assert_array_equal(first(window), second(window))


@pytest.mark.parametrize("bug_compat", [True, False])
def test_fourth_source_decodes_the_second_in_the_published_code(bug_compat):
    model = DeepConvSep(bug_compat=bug_compat, **SMALL)
    network = model.get_layer("masks").layer
    window = np.abs(noise(1, 6, 17, 1))
    masks = np.asarray(network(window))
    assert np.array_equal(masks[..., 1], masks[..., 3]) == bug_compat
    # The last bias alone tells them apart.
    inner(model, "output_bias").bias.assign([0.0, 0.0, 0.0, 1.0])
    masks = np.asarray(network(window))
    assert np.all(masks[..., 3] > masks[..., 1]) or not bug_compat


# === The separator ===


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("time", [1, 15, 81, 200])
def test_waveform_in_named_stems_out_that_sum_to_it(time, channels):
    model = DeepConvSep(channels=channels, **SMALL)
    mixture = noise(2, time, channels)
    stems = model(mixture)
    assert list(stems) == ["vocals", "bass", "drums", "other"]
    assert {stem.shape for stem in stems.values()} == {(2, time, channels)}
    np.testing.assert_allclose(sum(stems.values()), mixture, atol=1e-5)
    level = np.asarray(model.training_model("magnitude")(mixture)).sum(axis=-1)
    expected = model.targets({source: mixture for source in model.sources})[..., 0]
    np.testing.assert_allclose(level, expected, atol=1e-5)


def test_magnitudes_are_those_of_the_paper():
    wave = noise(1, 100, 1)
    padded = np.pad(wave[0, :, 0], (16, 48))
    frames = np.stack([padded[16 * f : 16 * f + 32] for f in range(8)])
    expected = 0.3 * np.abs(np.fft.rfft(frames * blackmanharris(32, sym=False))) / np.sqrt(32)
    model = DeepConvSep(**TWO)
    levels = model.targets({"vocals": wave, "accompaniment": 0 * wave})
    assert levels.shape == (1, 8, 17, 1, 2)  # frames before bins, sources last
    np.testing.assert_allclose(levels[0, :, :, 0, 0], expected, atol=1e-6)


def test_both_representations_show_the_same_estimate():
    model = DeepConvSep(**TWO)
    mixture = noise(1, 150, 1)
    magnitudes = np.asarray(model.training_model("magnitude")(mixture))[..., 0, 0] * 32**0.5 / 0.3
    real, imaginary = spectrum(mixture[..., 0])
    phase = np.arctan2(imaginary, real)
    parts = magnitudes * np.cos(phase), magnitudes * np.sin(phase)
    wave = signal.istft(parts, 150, 32, 16, "blackmanharris")
    np.testing.assert_allclose(model(mixture)["vocals"][..., 0], wave, atol=1e-4)
    stems = {source: np.asarray(stem) for source, stem in model(mixture).items()}
    waves = model.training_model("waveform")(mixture)
    np.testing.assert_allclose(model.targets(stems, "waveform"), waves, atol=1e-6)


def test_published_edges_are_those_of_the_authors_code():
    """A symmetric window in both transforms, and the fades of the published code."""
    even, model = DeepConvSep(**SMALL), DeepConvSep(**SMALL, edges="published")
    model.set_weights(even.get_weights())
    mixture = noise(1, 400, 1)
    frame = np.fft.rfft(mixture[0, 4 * 16 - 16 :][:32, 0] * blackmanharris(32, sym=True))
    magnitude = np.asarray(model.magnitude(mixture))[0, 4, :, 0]
    np.testing.assert_allclose(magnitude, np.abs(frame) * 0.3 / 32**0.5, atol=1e-5)
    assert model.get_layer("masks").ramp == "endpoint"
    stems = model(mixture)
    np.testing.assert_allclose(sum(stems.values()), mixture, atol=1e-4)
    assert np.any(stems["vocals"] != even(mixture)["vocals"])


def test_an_example_of_one_window_has_the_length_of_the_network():
    model = DeepConvSep(**SMALL)
    mixture = noise(2, 5 * 16, 1)
    level = np.stack([np.hypot(*spectrum(mixture[..., 0]))], axis=-1) * 0.3 / 32**0.5
    assert level.shape == (2, 6, 17, 1)
    masks = np.asarray(model.get_layer("masks").layer(level))
    expected = masks * level[..., None]
    np.testing.assert_allclose(model.training_model()(mixture), expected, atol=1e-5)


def test_context_is_exact():
    model = DeepConvSep(**SMALL)
    left, right = model.context
    assert left == right == 5 * 16 + 31
    # Every place that a sample can have among frames and windows, a few times over.
    rows = np.arange(8 * 2 * 16)
    at = 200 + rows % (2 * 16)
    mixture = noise(len(rows), 400, 1)
    changed = mixture.copy()
    changed[rows, at] += 1e3
    training_model = model.training_model("waveform")
    moved = np.asarray(training_model(changed)) != np.asarray(training_model(mixture))
    row, time = np.nonzero(moved.any(axis=(2, 3)))
    offsets = time - at[row]
    assert (-offsets.min(), offsets.max()) == (right, left)
    assert model.valid_length(400) == (400, 400)


def test_loss_trains_every_weight_also_of_the_fourth_source():
    model = DeepConvSep(**SMALL)
    stems = {source: noise(2, 80, 1, seed=seed) for seed, source in enumerate(model.sources)}
    with tf.GradientTape() as tape:
        estimate = model.training_model()(sum(stems.values()))
        loss = tf.reduce_sum(losses.get("deep_conv_sep")(model.targets(stems), estimate))
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert all(np.any(np.asarray(gradient) != 0) for gradient in gradients)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"vertical": 18}, "vertical=18"),
        ({"vertical": 0}, "vertical=0"),
        ({"horizontal": (7, 1)}, r"horizontal=\(7, 1\)"),
        ({"horizontal": (3, 2)}, r"horizontal=\(3, 2\)"),
        ({"step": 4}, "step=4"),
        ({"hop_length": 25}, "hop_length=25"),
        ({"sources": ("vocals", "other"), "bug_compat": True}, "bug_compat=True"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        DeepConvSep(**{**SMALL, **arguments})


def test_unknown_representation_is_named():
    with pytest.raises(ValueError, match="loss_on='mel'"):
        DeepConvSep(**SMALL).training_model("mel")
