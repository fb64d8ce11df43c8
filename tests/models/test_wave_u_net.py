import keras
import numpy as np
import pytest

from sepmodels.models.wave_u_net import WaveUNet
from sepmodels.separation.whole_songs import separate

SMALL = {"channels": 1, "levels": 2, "filters": 4}
MULTI = ("bass", "drums", "other", "vocals")
M1 = {"channels": 1, "padding": "same", "head": "direct"}

each_padding = pytest.mark.parametrize("padding", ["valid", "same"])


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype("float32")


def stirred(model, seed=0):
    """The model with biases that are not zero, nor anything else at its initial value."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.2, weight.shape))
    return model


# === The paper's numbers ===


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (M1, 10_263_028),
        ({"channels": 1, "padding": "same"}, 10_263_002),
        ({"channels": 1}, 10_263_002),
        ({}, 10_263_390),
        ({"upsampling": "learned"}, 10_265_550),
        ({"sources": MULTI}, 10_263_498),
        ({"channels": 1, "sample_rate": 8192, "filters": 34}, 20_594_652),
        ({"upsampling": "learned", "sample_rate": 44100}, 10_265_550),
    ],
    ids=["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M5-HighSR"],
)
def test_parameters_of_the_paper(arguments, count):
    assert WaveUNet(**arguments).count_params() == count


def test_lengths_through_the_layers_are_those_of_the_authors():
    model = WaveUNet()
    assert model.valid_length(16384) == (147443, 16389)

    def lengths(*names):
        inner = keras.Model(model.input, [model.get_layer(name).output for name in names])
        return [shape[1] for shape in inner.compute_output_shape((1, 147443, 2))]

    down = lengths(*(f"down_{level}" for level in range(12)), "bottom")
    up = lengths(*(f"upsample_{level}" for level in reversed(range(12))), "head_0")
    assert down == [147429, 73701, 36837, 18405, 9189, 4581, 2277, 1125, 549, 261, 117, 45, 9]
    assert up == [17, 25, 41, 73, 137, 265, 521, 1033, 2057, 4105, 8201, 16393, 16389]
    cropped = [skip - x for skip, x in zip(down[-2::-1], up[:-1], strict=True)]
    assert cropped == [28, 92, 220, 476, 988, 2012, 4060, 8156, 16348, 32732, 65500, 131036]


# === The network, written again in numpy ===


def written_again(model, mixture):
    """Estimates of a mono model for `(time, 1)`, by the paper, one sample at a time."""
    valid = model.padding == "valid"

    def convolve(x, name):
        kernel, bias = (weight.numpy() for weight in model.get_layer(name).weights)
        if not valid:
            x = np.pad(x, ((len(kernel) // 2, len(kernel) // 2), (0, 0)))
        times = range(len(x) - len(kernel) + 1)
        return np.array([np.tensordot(x[t : t + len(kernel)], kernel, 2) for t in times]) + bias

    def activate(x):
        return np.where(x > 0, x, 0.2 * x)

    def double(x, level):
        learned = model.upsampling == "learned"
        omega = model.get_layer(f"upsample_{level}").omega.numpy() if learned else 0.0
        share = 1 / (1 + np.exp(-omega))
        following = np.concatenate([x[1:], 0 * x[-1:] if learned else x[-1:]])
        result = np.repeat(x, 2, axis=0)
        result[1::2] = share * x + (1 - share) * following
        return result[:-1] if valid else result

    def join(skip, x):
        start = (len(skip) - len(x)) // 2
        return np.concatenate([skip[start : start + len(x)], x], axis=1)

    x, skips = mixture, []
    for level in range(model.levels):
        x = activate(convolve(x, f"down_{level}"))
        skips.append(x)
        x = x[::2]
    x = activate(convolve(x, "bottom"))
    for level in reversed(range(model.levels)):
        x = activate(convolve(join(skips[level], double(x, level)), f"up_{level}"))
    x = join(mixture, x)
    direct = model.head == "direct"
    estimated = model.sources if direct else model.sources[:-1]
    waves = [np.tanh(convolve(x, f"head_{index}")) for index in range(len(estimated))]
    return waves if direct else [*waves, x[:, :1] - sum(waves)]


@each_padding
@pytest.mark.parametrize("head", ["difference", "direct"])
@pytest.mark.parametrize("upsampling", ["linear", "learned"])
def test_network_is_that_of_the_paper(padding, head, upsampling):
    arguments = {**SMALL, "padding": padding, "head": head, "upsampling": upsampling}
    model = stirred(WaveUNet(("bass", "drums", "vocals"), **arguments))
    size, _ = model.valid_length(16)
    mixture = noise(1, size, 1)
    stems = model(mixture, training=True)
    for source, expected in zip(model.sources, written_again(model, mixture[0]), strict=True):
        np.testing.assert_allclose(stems[source][0], expected, atol=1e-5)


# === Lengths ===


@each_padding
@pytest.mark.parametrize("channels", [1, 2])
def test_waveform_in_named_stems_out(padding, channels):
    model = WaveUNet(MULTI, **{**SMALL, "channels": channels}, padding=padding)
    for wanted in (1, 17, 100):
        size, output = model.valid_length(wanted)
        stems = model(noise(2, size, channels))
        assert list(stems) == list(MULTI)
        assert {stem.shape for stem in stems.values()} == {(2, output, channels)}
        assert output >= wanted


@pytest.mark.parametrize("time", [1, 2, 3, 62, 63, 64])
def test_padded_model_takes_any_length(time):
    model = WaveUNet(**SMALL, padding="same")
    assert model.valid_length(time) == (time, time)
    assert {stem.shape for stem in model(noise(1, time, 1)).values()} == {(1, time, 1)}


@pytest.mark.parametrize("off", [-1, 1, 2])
def test_length_that_does_not_fit_is_named(off):
    model = WaveUNet(**SMALL)
    size = model.valid_length(40)[0] + off
    with pytest.raises(ValueError, match=f"time={size}"):
        model(noise(1, size, 1))


# === Context ===


@each_padding
@pytest.mark.parametrize("upsampling", ["linear", "learned"])
def test_nothing_outside_the_context_has_an_effect(padding, upsampling):
    arguments = {**SMALL, "padding": padding, "upsampling": upsampling, "activation": "linear"}
    model = stirred(WaveUNet(**arguments))
    left, right = model.context
    size, output = model.valid_length(2 * max(left, right) + 30)
    margin = (size - output) // 2
    mixture = noise(1, size, 1)
    before = np.array(model(mixture, training=True)["accompaniment"])

    def moved(start, stop, here):
        changed = mixture.copy()
        changed[:, start:stop] += 100.0
        after = np.array(model(changed, training=True)["accompaniment"])
        return after[0, here - margin, 0] != before[0, here - margin, 0]

    middle = range(size // 2, size // 2 + 2**model.levels)  # every place in the grid
    for here in middle:
        assert not moved(0, here - left, here)
        assert not moved(here + right + 1, size, here)
    assert any(moved(here - left, here - left + 1, here) for here in middle)
    assert any(moved(here + right, here + right + 1, here) for here in middle)


def test_every_sample_of_an_input_has_an_effect():
    model = stirred(WaveUNet(**SMALL, activation="linear"))
    size, _ = model.valid_length(20)
    mixture = noise(1, size, 1)
    before = np.array(model(mixture, training=True)["accompaniment"])
    for sample, moved in [(0, 0), (size - 1, -1)]:
        changed = mixture.copy()
        changed[:, sample] += 100.0
        after = np.array(model(changed, training=True)["accompaniment"])
        assert after[0, moved] != before[0, moved]


# === Heads ===


def test_every_source_has_its_own_output_layer():
    model = WaveUNet(MULTI, **SMALL, head="direct")
    kernels = [model.get_layer(f"head_{index}").kernel for index in range(4)]
    assert len({id(kernel) for kernel in kernels}) == 4
    stems = model(noise(1, model.valid_length(9)[0], 1))
    alike = [np.allclose(stems["bass"], stems[source]) for source in MULTI[1:]]
    assert alike == [False] * 3


@each_padding
def test_difference_sums_to_the_centre_of_the_mixture(padding):
    model = stirred(WaveUNet(MULTI, **{**SMALL, "channels": 2}, padding=padding))
    size, output = model.valid_length(50)
    start = (size - output) // 2
    stems = {source: noise(1, size, 2, seed=seed) for seed, source in enumerate(MULTI)}
    estimates = model.training_model()(sum(stems.values()), training=True)
    targets = model.targets({name: x[:, start : start + output] for name, x in stems.items()})
    assert estimates.shape == targets.shape
    estimated, true = np.sum(estimates, axis=-1), np.sum(targets, axis=-1)
    np.testing.assert_allclose(estimated, true, atol=1e-5)


def test_last_source_is_clipped_at_inference_alone():
    model = WaveUNet(**SMALL, padding="same")
    head = model.get_layer("head_0")
    head.kernel.assign(head.kernel * 0)
    head.bias.assign(head.bias * 0 - 10.0)  # an accompaniment of -1 everywhere
    mixture = np.full((1, 16, 1), 0.5, "float32")
    np.testing.assert_allclose(model(mixture, training=True)["vocals"], 1.5, atol=1e-6)
    np.testing.assert_allclose(model(mixture)["vocals"], 1.0, atol=1e-6)


def test_linear_activation_is_clipped_at_inference_alone():
    model = WaveUNet(**SMALL, padding="same", head="direct", activation="linear")
    model.get_layer("head_1").bias.assign([5.0])
    mixture = np.zeros((1, 16, 1), "float32")
    np.testing.assert_allclose(model(mixture, training=True)["vocals"], 5.0, atol=1e-6)
    np.testing.assert_allclose(model(mixture)["vocals"], 1.0, atol=1e-6)


def test_a_difference_is_taken_of_clipped_estimates():
    """The authors clip each estimate first, then subtract, and clip the rest."""
    model = WaveUNet(**SMALL, padding="same", activation="linear")
    head = model.get_layer("head_0")
    head.kernel.assign(head.kernel * 0)
    head.bias.assign(head.bias * 0 + 3.0)
    mixture = np.full((1, 16, 1), 0.5, "float32")
    training, inference = model(mixture, training=True), model(mixture)
    np.testing.assert_allclose(training["accompaniment"], 3.0, atol=1e-6)
    np.testing.assert_allclose(training["vocals"], 0.5 - 3.0, atol=1e-6)
    np.testing.assert_allclose(inference["accompaniment"], 1.0, atol=1e-6)
    np.testing.assert_allclose(inference["vocals"], 0.5 - 1.0, atol=1e-6)


# === Whole songs ===


def test_any_chunking_equals_one_pass():
    model = stirred(WaveUNet(sample_rate=1000, channels=1, levels=3, filters=4))
    song = noise(900, 1)
    size, output = model.valid_length(len(song))
    margin = (size - output) // 2
    padded = np.pad(song, ((margin, size - margin - len(song)), (0, 0)))
    whole = {source: stem[0, : len(song)] for source, stem in model(padded[None]).items()}
    for segment in (0.001, 0.05, 0.123, 0.5, 2.0):
        stems = separate(model, song, 1000, residual=None, segment=segment)
        for source in model.sources:
            np.testing.assert_allclose(stems[source], whole[source], atol=1e-5)


@each_padding
def test_song_keeps_its_length_through_two_resamplings(padding):
    model = WaveUNet(("accompaniment", "vocals"), 1000, **SMALL, padding=padding)
    for length in (1, 440, 441, 1001):
        stems = separate(model, noise(length, 2), 2205, segment=0.1)
        assert {stem.shape for stem in stems.values()} == {(length, 2)}


# === Arguments ===


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"padding": "causal"}, "padding='causal'"),
        ({"head": "sum"}, "head='sum'"),
        ({"upsampling": "nearest"}, "upsampling='nearest'"),
        ({"activation": "relu"}, "activation='relu'"),
        ({"levels": 0}, "levels=0"),
        ({"filters": 0}, "filters=0"),
        ({"sources": ("vocals",)}, r"sources=\('vocals',\)"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        WaveUNet(**{**SMALL, **arguments})
