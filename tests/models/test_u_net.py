import keras
import numpy as np
import pytest
import tensorflow as tf

import sepmodels as sm
from sepmodels import signal
from sepmodels.models.spleeter import NETWORKS
from sepmodels.models.u_net import UNet

SMALL = {"n_fft": 64, "hop_length": 48, "bins": 32, "frames": 8, "filters": (3, 4, 5)}
SPLEETER = {**SMALL, "channels": 2, "bins": 16, "variant": "spleeter"}
SOFTMAX = {**SPLEETER, "sources": ("vocals", "bass", "other"), "variant": "spleeter_softmax"}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def inner(model, name):
    return model.get_layer("masks").layer.get_layer(name)


@pytest.fixture
def shape_only():
    """Models have weights of a shape but without values, so that the largest fits anywhere."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()


# === The published numbers ===


@pytest.mark.parametrize(
    ("arguments", "parameters", "patch", "bottom"),
    [
        # Kernels of 25 numbers: 174,608 pairs of widths in the encoder, 218,144 in the decoder,
        # whose inputs are twice as wide but for the first; four numbers for each of 1,008 and of
        # 496 normalised channels; one bias.
        ({}, 25 * (174_608 + 218_144) + 4 * (1008 + 496) + 1, (128, 512, 1), (2, 8, 512)),
        # The published file of a source has 9,826,759 numbers, of which nothing reads the
        # normalisation of the bottom, four of each of 512 channels.
        (NETWORKS["spleeter-2stems"], 9_826_759 - 4 * 512, (512, 1024, 2), (8, 16, 512)),
        (NETWORKS["spleeter-5stems"], 9_826_759 - 4 * 512, (512, 1024, 2), (8, 16, 512)),
    ],
)
def test_parameters_and_shapes(shape_only, arguments, parameters, patch, bottom):
    model = UNet(**arguments)
    assert model.count_params() == parameters * len(model.sources)
    assert inner(model, "patch").output.shape[1:] == patch
    assert inner(model, "vocals_down_5").output.shape[1:] == bottom
    assert inner(model, "vocals_logits").output.shape[1:] == patch


@pytest.mark.parametrize("level", range(3))
def test_without_a_skip_connection_the_layer_after_it_is_narrower(level):
    def inputs(skips):
        model = UNet(**{**SMALL, "filters": (2, 3, 4, 5), "frames": 16, "skips": skips})
        layers = [inner(model, f"vocals_up_{number}") for number in (3, 2, 1)]
        layers.append(inner(model, "vocals_logits"))
        return np.array([layer.kernel.shape[3] for layer in layers[::-1]])

    assert inputs(None).tolist() == [4, 6, 8, 5]
    assert inputs(()).tolist() == [2, 3, 4, 5]
    assert (inputs((level,)) - inputs(())).tolist() == [
        (2, 3, 4)[level] if place == level else 0 for place in range(4)
    ]


# === The network ===


def test_what_a_skip_connection_carries():
    """Jansson et al. carry the activation, Spleeter the convolution; so is the bottom."""
    for arguments, kind in ((SMALL, keras.layers.LeakyReLU), (SPLEETER, keras.layers.Conv2D)):
        model = UNet(**arguments)
        joins = [
            layer
            for layer in model.get_layer("masks").layer.layers
            if isinstance(layer, keras.layers.Concatenate)
        ]
        assert len(joins) == 4  # two levels of two sources
        for join in joins:
            carried, _ = join.input
            assert isinstance(carried._keras_history.operation, kind)
        bottom = inner(model, "vocals_up_2").input._keras_history.operation
        assert isinstance(bottom, kind)


def test_halving_pads_one_before_and_two_after_on_both_axes():
    model = UNet(**{**SPLEETER, "filters": (3,)})
    convolution, patch = inner(model, "vocals_down_0"), noise(1, 8, 16, 2)
    padded = np.pad(patch, ((0, 0), (1, 2), (1, 2), (0, 0)))
    expected = tf.nn.conv2d(padded, convolution.kernel, 2, "VALID") + convolution.bias
    np.testing.assert_allclose(convolution(patch), expected, atol=1e-5)
    doubled, x = inner(model, "vocals_up_0"), noise(1, 4, 8, 3)
    whole = tf.nn.conv2d_transpose(x, doubled.kernel, (1, 11, 19, 1), 2, "VALID")
    np.testing.assert_allclose(doubled(x), whole[:, 1:-2, 1:-2] + doubled.bias, atol=1e-5)


def test_published_normalisation_is_a_scale_and_an_offset_in_training_too():
    model = UNet(**SPLEETER)
    mixture = noise(1, 900, 2)
    training_model = model.training_model()
    np.testing.assert_array_equal(training_model(mixture, training=True), training_model(mixture))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(training_model(mixture, training=True)))
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert all(np.any(np.asarray(gradient) != 0) for gradient in gradients)
    names = {weight.path.split("/")[-1] for weight in model.non_trainable_weights}
    assert names == {"moving_mean", "moving_variance"}
    for weight in model.non_trainable_weights:
        assert set(np.asarray(weight).tolist()) == {float(weight.name == "moving_variance")}


def test_jansson_normalises_by_the_batch_in_training():
    model = UNet(**SMALL)
    mixture = noise(1, 900, 1)
    before = np.asarray(inner(model, "vocals_down_0_normalization").moving_variance)
    model.training_model()(mixture, training=True)
    assert np.all(inner(model, "vocals_down_0_normalization").moving_variance != before)
    # A bias before a normalisation would have no effect.
    assert not inner(model, "vocals_down_0").use_bias and inner(model, "vocals_logits").use_bias


# === The separator ===


@pytest.mark.parametrize("arguments", [SMALL, SPLEETER, SOFTMAX], ids=["j", "s", "softmax"])
@pytest.mark.parametrize("time", [1, 47, 385, 1000])
def test_waveform_in_named_stems_out(time, arguments):
    model = UNet(**arguments)
    mixture = noise(2, time, model.channels)
    stems = model(mixture)
    assert list(stems) == list(model.sources)
    assert {stem.shape for stem in stems.values()} == {mixture.shape}
    frames = -(-time // 48) + 1
    levels = model.training_model()(mixture)
    assert levels.shape == (2, frames, model.bins, model.channels, len(model.sources))
    true = {source: mixture for source in model.sources}
    assert model.targets(true).shape == levels.shape


def test_published_stems_sum_to_the_mixture_below_the_highest_bin():
    mixture = noise(1, 900, 2)
    for arguments in (SPLEETER, SOFTMAX):
        model = UNet(**arguments)
        stems = model(mixture)
        channels_first = np.moveaxis(mixture, 2, 1)
        parts = [np.array(part) for part in signal.stft(channels_first, 64, 48)]
        for part in parts:
            part[..., 16:] = 0
        below = np.moveaxis(np.asarray(signal.istft(parts, 900, 64, 48)), 1, 2)
        np.testing.assert_allclose(sum(stems.values()), below, atol=1e-5)


def test_estimates_that_share_a_bin_are_squared():
    model = UNet(**SPLEETER)
    mixture = noise(1, 900, 2)
    magnitudes = np.asarray(model.training_model()(mixture))
    power = magnitudes**2
    share = (power + 1e-10 / 2) / (power.sum(axis=-1, keepdims=True) + 1e-10)
    real, imaginary = (np.asarray(part) for part in model.get_layer("stft")(mixture))
    parts = []
    for part in (real, imaginary):
        masked = np.zeros_like(part)
        masked[:, :, :16] = part[:, :, :16] * share[..., 0]
        parts.append(np.moveaxis(masked, 3, 1))
    wave = np.moveaxis(np.asarray(signal.istft(parts, 900, 64, 48)), 1, 2)
    np.testing.assert_allclose(model(mixture)["vocals"], wave, atol=1e-5)


def test_jansson_halves_what_lies_above_the_highest_bin():
    model = UNet(**{**SMALL, "bins": 16})
    nyquist = np.cos(np.pi * np.arange(1000, dtype="float32"))[None, :, None]
    for stem in model(nyquist).values():
        np.testing.assert_allclose(stem[:, 200:800], 0.5 * nyquist[:, 200:800], atol=1e-3)


def test_a_patch_does_not_depend_on_the_next():
    model = UNet(**SPLEETER)
    mixture = noise(1, 15 * 48, 2)
    other = mixture.copy()
    other[:, 7 * 48 + 32 :] = 0  # after the last frame of the first patch
    first, second = (np.asarray(model.training_model()(x)) for x in (mixture, other))
    np.testing.assert_allclose(first[:, :8], second[:, :8], atol=1e-5)
    assert np.abs(first[:, 8:] - second[:, 8:]).max() > 0.1


@pytest.mark.parametrize("arguments", [SMALL, {**SPLEETER, "frames": 256}], ids=["j", "s"])
def test_nothing_outside_the_context_moves_an_output(arguments):
    model = UNet(**{**arguments, "filters": (3, 4)})
    left, right = model.context
    assert left == right == {8: 7, 256: 4 * 3 + 3}[model.frames] * 48 + 63
    rows = np.arange(4 * 48)
    at = 1200 + 2 * rows  # every place that a sample can have among frames and patches
    mixture = np.tile(noise(1, 3000, model.channels), (len(rows), 1, 1))
    changed = mixture.copy()
    changed[rows, at] += 1e3
    moved = np.asarray(model(changed)["vocals"]) != np.asarray(model(mixture)["vocals"])
    row, time = np.nonzero(moved.any(axis=2))
    offsets = time - at[row]
    assert left >= offsets.max() > left - 100 and right >= -offsets.min() > right - 100


def test_half_precision_gives_nearly_the_same():
    full = UNet(**SPLEETER)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = UNet(**SPLEETER)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(full.get_weights())
    mixture = noise(1, 900, 2)
    expected = full(mixture)
    for source, stem in half(mixture).items():
        assert stem.dtype == "float32"
        assert sm.metrics.sdr(expected[source][0], np.asarray(stem)[0]) > 25


def test_a_trained_network_resumes(tmp_path):
    songs = sm.datasets.synthetic.load(2, seconds=2.0)
    recipe = sm.recipes.U_NET_SPLEETER.vary(
        **{**SMALL, "bins": 16}, sample_rate=songs[0].sample_rate, channels=1,
        segment=0.25, batch_size=2, steps_per_epoch=2, epochs=1, learning_rate=1e-9,
    )  # fmt: skip
    model = recipe.build()
    run = sm.train(recipe, songs, tmp_path, initial=model, progress=False)
    for ours, theirs in zip(run.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


# === Bad arguments ===


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"bins": 20}, "bins must be a multiple of 8.*bins=20"),
        ({"bins": 40}, "bins must be at most the 33.*bins=40"),
        ({"frames": 12}, "frames must be a multiple of 8.*frames=12"),
        ({"skips": (2,)}, r"skips must be some of \(0, 1\).*skips=\(2,\)"),
        ({"filters": (3, 0, 5)}, "filters"),
        ({"hop_length": 50}, "hop_length=50"),
        ({"variant": "wave"}, "variant='wave'"),
        ({"activation": "tanh"}, "activation='tanh'"),
        ({"sources": ("vocals", "vocals")}, "sources"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        UNet(**{**SMALL, **arguments})
