import keras
import numpy as np
import pytest

from sepmodels import signal
from sepmodels.layers import DilatedGRU, MinGRU
from sepmodels.models import DilatedConvGRU

SMALL = {"n_fft": 64, "hop_length": 16, "filters": 8, "dilations": (1, 2)}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("time", [1, 17, 200])
def test_waveform_in_named_stems_out(time, channels):
    model = DilatedConvGRU(("drums", "bass", "other"), channels=channels, **SMALL)
    stems = model(noise(2, time, channels))
    assert list(stems) == ["drums", "bass", "other"]
    assert {stem.shape for stem in stems.values()} == {(2, time, channels)}


def test_softmax_stems_sum_to_the_mixture():
    mixture = noise(2, 300, 2)
    stems = DilatedConvGRU(channels=2, head="softmax", **SMALL)(mixture)
    np.testing.assert_allclose(sum(stems.values()), mixture, atol=1e-5)


@pytest.mark.parametrize("head", ["magnitude", "sigmoid", "softmax"])
def test_both_representations_show_the_same_estimate(head):
    model = DilatedConvGRU(head=head, **SMALL)
    mixture = noise(1, 256, 1)
    stems = {source: np.asarray(stem) for source, stem in model(mixture).items()}
    waves = model.training_model("waveform")(mixture)
    np.testing.assert_allclose(model.targets(stems, "waveform"), waves, atol=1e-6)
    magnitudes = np.asarray(model.training_model("magnitude")(mixture))
    assert magnitudes.shape == model.targets(stems, "magnitude").shape == (1, 17, 33, 1, 2)
    assert magnitudes.min() >= 0


def test_phase_is_that_of_the_mixture():
    model = DilatedConvGRU(head="magnitude", **SMALL)
    mixture = noise(1, 256, 1)
    head = model.get_layer("head")
    head.kernel.assign(head.kernel * 0)
    head.bias.assign(head.bias * 0 + 0.5)  # every magnitude is 0.5
    real, imaginary = signal.stft(mixture[..., 0], 64, 16)
    level = signal.compute_magnitude(real, imaginary)
    flat = signal.istft((0.5 * real / level, 0.5 * imaginary / level), 256, 64, 16)
    np.testing.assert_allclose(model(mixture)["vocals"][..., 0], flat, atol=1e-4)


def test_adapt_standardizes_every_bin():
    model = DilatedConvGRU(channels=2, **SMALL)
    mixture = noise(4, 2000, 2) * np.array([0.1, 2.0], "float32")
    model.adapt(mixture)
    inner = keras.Model(model.input, model.get_layer("standardize").output)
    seen = np.asarray(inner(mixture))
    np.testing.assert_allclose(seen.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(seen.std(axis=(0, 1)), 1, atol=1e-2)


@pytest.mark.parametrize("order", ["conv_gru", "gru_conv"])
def test_groups_of_the_convolution_are_independent(order):
    model = DilatedConvGRU(groups=2, order=order, **SMALL)
    layers = [layer for layer in model.layers if layer.name.startswith("conv_1")]
    assert [layer.direction.kernel.shape for layer in layers] == [(3, 4, 4), (3, 4, 4)]


def test_parameters_by_hand():
    bins, width = 33, 8
    stem = 3 * bins * width + 2 * width  # kernel, gain, bias
    conv = 2 * (3 * 4 * 4 + 2 * 4)
    gru = 2 * (3 * width * (width + width) + 6 * width)
    head = 3 * width * 2 * bins + 2 * bins
    model = DilatedConvGRU(groups=2, **SMALL)
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trainable == stem + 2 * (conv + gru) + head
    assert model.count_params() == trainable + 2 * bins  # mean and variance of each bin


def test_without_recurrence_a_frame_depends_on_its_neighbours_only():
    model = DilatedConvGRU(gru_dilation=None, **SMALL)
    mixture = noise(1, 800, 1)
    changed = mixture.copy()
    changed[:, 400] += 1.0
    moved = np.flatnonzero(np.asarray(model(changed)["vocals"] - model(mixture)["vocals"]))
    # Stem, blocks with dilations 1 and 2, head: 5 frames a side, and half a frame on top, twice.
    reach = 5 * 16 + 64
    assert moved.min() >= 400 - reach
    assert moved.max() <= 400 + reach


def test_with_recurrence_a_frame_depends_on_all_frames():
    model = DilatedConvGRU(gru_dilation=1, **SMALL)
    mixture = noise(1, 800, 1)
    changed = mixture.copy()
    changed[:, 0] += 10.0
    assert np.any(model(changed)["vocals"][:, -20:] != model(mixture)["vocals"][:, -20:])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"groups": 3}, "groups=3"),
        ({"order": "both"}, "order='both'"),
        ({"head": "tanh"}, "head='tanh'"),
        ({"gru_dilation": (1, 2, 4)}, "gru_dilation=(1, 2, 4)"),
        ({"gru_dilation": 0}, "dilation=0"),
        ({"n_fft": 20}, "n_fft=20"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=named.replace("(", r"\(").replace(")", r"\)")):
        DilatedConvGRU(**{**SMALL, **arguments})


def test_unknown_representation_is_named():
    with pytest.raises(ValueError, match="loss_on='mel'"):
        DilatedConvGRU(**SMALL).training_model("mel")


def test_loading_mistakes_no_layer_for_another(tmp_path):
    """Keras tells shared objects by address, which a freed layer passes on to the next one."""
    model = DilatedConvGRU(**{**SMALL, "dilations": (1, 2, 4, 8), "gru_dilation": (1, 2, 4, 8)})
    model.save(tmp_path / "model.keras")
    mixture = noise(1, 200, 1)
    for _ in range(8):
        again = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(again(mixture)["vocals"], model(mixture)["vocals"])


def test_a_causal_model_depends_on_no_later_frame():
    model = DilatedConvGRU(bidirectional=False, causal=True, **SMALL)
    mixture = noise(1, 800, 1)
    changed = mixture.copy()
    changed[:, 400:] += 1.0
    moved = np.flatnonzero(np.asarray(model(changed)["vocals"] - model(mixture)["vocals"]))
    assert model.context == (None, 63)
    assert 400 - 63 <= moved.min() < 400 - 32
    with pytest.raises(ValueError, match="bidirectional=False"):
        DilatedConvGRU(causal=True, **SMALL)


@pytest.mark.parametrize("causal", [False, True])
def test_without_recurrence_nothing_outside_the_context_has_an_effect(causal):
    arguments = {"n_fft": 64, "hop_length": 16, "filters": 4, "dilations": (1, 2)}
    model = DilatedConvGRU(gru_dilation=None, bidirectional=False, causal=causal, **arguments)
    left, right = model.context
    assert (left, right) == (5 * 16 * (1 + causal) + 63, 5 * 16 * (not causal) + 63)
    quiet = np.zeros((1, 1200, 1), "float32") + 0.1
    at, before = 600, np.array(model(quiet)["vocals"])
    changed = []
    for moved in (at - left - 1, at + right + 1, at - left + 40, at + right - 40):
        loud = quiet.copy()
        loud[0, moved] += 1
        changed.append(np.array(model(loud)["vocals"])[0, at, 0] != before[0, at, 0])
    assert changed == [False, False, True, True]


@pytest.mark.parametrize("mid_side", [False, True])
def test_refined_masks_sum_to_one_in_left_and_right(mid_side):
    model = DilatedConvGRU(channels=2, head="softmax", refine_filters=4, mid_side=mid_side, **SMALL)
    mixture = noise(2, 300, 2)
    np.testing.assert_allclose(sum(model(mixture).values()), mixture, atol=1e-5)
    assert model.training_model("magnitude")(mixture).shape == (2, 20, 33, 2, 2)


def test_a_mask_of_mid_and_side_acts_on_mid_and_side():
    model = DilatedConvGRU(channels=2, head="sigmoid", mid_side=True, **SMALL)
    head = model.get_layer("head")
    head.kernel.assign(head.kernel * 0)
    bias = np.zeros((33, 2, 2), "float32")
    bias[:, 0, 0], bias[:, 1, 0] = 50, -50  # the voice keeps the mid and none of the side
    head.bias.assign(bias.ravel())
    mixture = noise(1, 256, 2)
    mid = mixture.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(model(mixture)["vocals"], np.repeat(mid, 2, -1), atol=1e-5)


def test_mid_side_magnitudes_of_targets_and_estimates_agree():
    model = DilatedConvGRU(channels=2, mid_side=True, head="softmax", **SMALL)
    left = noise(1, 256, 1)
    level = np.asarray(model.magnitude(np.concatenate([left, left], axis=-1)))
    assert level[..., 1].max() < 1e-5 < level[..., 0].max()


def test_minimal_gru_replaces_the_recurrence_alone():
    full, minimal = (DilatedConvGRU(recurrence=name, **SMALL) for name in ("gru", "min_gru"))
    gates = [layer for layer in minimal.layers if isinstance(layer, MinGRU)]
    assert [layer.dilation for layer in gates] == [
        layer.dilation for layer in full.layers if isinstance(layer, DilatedGRU)
    ]
    assert minimal.context == full.context
    with pytest.raises(ValueError, match="recurrence must be one of"):
        DilatedConvGRU(recurrence="lstm", **SMALL)


def test_refinement_of_a_causal_model_receives_no_later_frames():
    model = DilatedConvGRU(
        bidirectional=False, causal=True, refine_filters=4, head="softmax", **SMALL
    )
    mixture = noise(1, 400, 1)
    changed = mixture.copy()
    changed[:, 300:] += 1
    before, after = (np.asarray(model(x)["vocals"])[0, :, 0] for x in (mixture, changed))
    unchanged = 300 - model.context[1]
    np.testing.assert_allclose(before[:unchanged], after[:unchanged], atol=1e-6)
    assert np.abs(before - after)[300:].max() > 1e-3


@pytest.mark.parametrize(("argument", "value"), [("mid_side", True), ("refine_filters", -1)])
def test_stereo_and_refinement_are_checked(argument, value):
    with pytest.raises(ValueError, match=f"{argument} .*Received"):
        DilatedConvGRU(**{argument: value}, **SMALL)


def test_context_counts_the_refinement():
    plain = DilatedConvGRU(gru_dilation=None, **SMALL)
    refined = DilatedConvGRU(gru_dilation=None, refine_filters=4, **SMALL)
    assert refined.context[0] - plain.context[0] == 2 * 16  # one frame for each of the two
