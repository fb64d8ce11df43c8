import keras
import numpy as np
import pytest
import tensorflow as tf

import sepmodels as sm
from sepmodels import signal
from sepmodels.models.nc_wavenet.bottleneck import BottleneckNCWaveNet, PoolAndHold
from sepmodels.models.nc_wavenet.lluis import LluisWaveNet
from sepmodels.models.nc_wavenet.nc_wavenet import NCWaveNet
from sepmodels.models.nc_wavenet.spectral import SpectralNCWaveNet
from sepmodels.models.nc_wavenet.strided import StridedNCWaveNet

TINY = {"filters": 8, "skip_filters": 6, "dilations": (1, 2)}
WAVE = {**TINY, "stacks": (1, 1), "head": "regression", "activation": "leaky_relu"}
POOLED = {**WAVE, "pooling": 5}
STRIDED = {
    "filters": 4,
    "kernel_size": 5,
    "front_kernel_size": 3,
    "scales": 2,
    "layers_per_scale": 2,
    "head": "regression",
}
SPECTRAL = {"n_fft": 16, "hop_length": 4, "filters": 8, "depth": 3, "front_kernel_size": 5}
LLUIS = {"filters": 4, "dilations": (1, 2), "stacks": 2, "head_filters": (8, 6)}
DOMAINS = ("rock", "folk", "jazz")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype("float32")


@pytest.fixture(autouse=True)
def same_weights_every_time():
    keras.utils.set_random_seed(0)


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def stirred(model, seed=0):
    """The model with nothing left at its initial value."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.2, weight.shape))
    return model


# === Parameters and contexts ===


@pytest.mark.parametrize(
    ("sources", "count"),
    [
        (("vocals", "accompaniment"), 3_277_249),
        (("vocals", "drums", "bass", "other"), 3_277_763),
    ],
)
def test_parameters_of_lluis(sources, count):
    assert LluisWaveNet(sources).count_params() == count


def test_receptive_field_of_lluis():
    layers = tuple(2**i for i in range(10)) * 4
    assert (
        signal.compute_receptive_field(3, layers) == 8185
    )  # as the authors count: their layers alone
    assert 8185 - 1 + 1601 == 9785  # their input for 1601 samples
    # The first convolution and two in the head, which they pad with zeros, read a sample each.
    assert LluisWaveNet().context == (8184 // 2 + 3, 8184 // 2 + 3)


def convolution(before, after, size):
    return size * before * after + after


def test_parameters_of_the_variants_layer_by_layer():
    plain, pooled = NCWaveNet(**WAVE), BottleneckNCWaveNet(**POOLED)
    assert trainable(pooled) == trainable(plain) + (1 + 2) * convolution(8, 8, 1)
    confused = BottleneckNCWaveNet(**WAVE, pooling=None, domains=DOMAINS)
    assert trainable(confused) == trainable(plain)  # the classifier is not of the separator
    classifier = 2 * convolution(8, 8, 1) + convolution(8, 3, 1)
    assert trainable(confused.training_model("companded")) == trainable(plain) + classifier

    layer = convolution(4, 4, 1) + convolution(4, 4, 5) + convolution(4, 4, 1)
    twin = convolution(8, 4, 5) + convolution(4, 4, 1)
    stride = convolution(4, 4, 3) + convolution(4, 4, 1)
    ends = convolution(1, 4, 3) + 2 * convolution(4, 4, 5) + convolution(4, 4, 1)
    strided = 2 * (2 * layer + stride) + 2 * (2 * twin + stride) + ends + convolution(4, 1, 1)
    assert trainable(StridedNCWaveNet(**STRIDED)) == strided

    width, depth = 2 * 9, SPECTRAL["depth"]
    authors = convolution(width, 8, 5) + 2 * convolution(width, width, 1)
    authors += depth * sum(convolution(8, *shape) for shape in ((width, 1), (8, 3), (8, 1)))
    dead = convolution(8, 8, 3) + convolution(8, 8, 1)  # behind the last skip output
    assert trainable(SpectralNCWaveNet(**SPECTRAL)) == authors - dead


def wide_open(model):
    """The model with weights for which no ReLU is closed, and the outer steps of a kernel tell."""
    for weight in model.trainable_weights:
        layer, value = model.get_layer(weight.path.split("/")[0]), np.zeros(weight.shape)
        if value.ndim == 3:
            steps, *widths = value.shape
            inputs = widths[isinstance(layer, keras.layers.Conv1DTranspose)]
            value[[0, -1]] = (0.01 if layer.name == "head" else 1 if steps == 1 else 0.5) / inputs
        elif layer.name == "front":
            value += 3.0
        weight.assign(value)
    return model


def furthest(model, loss_on, time):
    """How far from a sample of the mixture the estimates are that it changes, left and right."""
    changed = np.repeat(noise(1, time, 1), time, axis=0)
    estimate = keras.Model(model.input, model.training_model(loss_on).output)
    before = np.asarray(estimate(changed)).reshape(time, time, -1)
    changed[np.arange(time), np.arange(time)] = -0.9
    moved = (np.asarray(estimate(changed)).reshape(time, time, -1) != before).any(axis=-1)
    at, where = np.nonzero(moved)
    return int((where - at).max()), int((at - where).max())


@pytest.mark.parametrize(
    ("model", "loss_on", "time"),
    [
        (lambda: stirred(BottleneckNCWaveNet(**POOLED)), "companded", 90),
        (lambda: stirred(BottleneckNCWaveNet(**{**POOLED, "pooling": 1})), "companded", 90),
        (
            lambda: wide_open(StridedNCWaveNet(**{**STRIDED, "layers_per_scale": 1})),
            "companded",
            120,
        ),
        (lambda: stirred(SpectralNCWaveNet(**SPECTRAL)), "waveform", 120),
        (lambda: stirred(LluisWaveNet(**LLUIS)), "waveform", 60),
    ],
    ids=["pooled", "pooled_by_1", "strided", "spectral", "lluis"],
)
def test_output_depends_on_its_context_and_nothing_else(model, loss_on, time):
    model = model()
    assert max(model.context) < time // 2
    assert furthest(model, loss_on, time) == model.context


# === The valid mode ===


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [(BottleneckNCWaveNet, POOLED), (LluisWaveNet, LLUIS)],
    ids=["pooled", "lluis"],
)
def test_valid_mode_is_the_centre_of_the_padded_one(cls, arguments):
    # 12 + 3 samples precede the first piece of 5, so the pieces of both lie on one grid.
    padded = stirred(cls(**arguments))
    valid = cls(**arguments, padding="valid")
    valid.set_weights(padded.get_weights())
    size, output = valid.valid_length(34)
    lost = (size - output) // 2
    mixture = noise(2, size, 1)
    for source, stem in valid(mixture).items():
        assert stem.shape == (2, output, 1)
        np.testing.assert_allclose(stem, padded(mixture)[source][:, lost:-lost], atol=1e-5)


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [(BottleneckNCWaveNet, {**POOLED, "pooling": 7}), (LluisWaveNet, LLUIS)],
    ids=["pooled", "lluis"],
)
def test_any_chunking_equals_one_pass_and_keeps_the_tail(cls, arguments):
    model = stirred(cls(**arguments, padding="valid"))
    song = noise(333, 1)
    size, output = model.valid_length(333)
    lost = (size - output) // 2
    whole = model(np.pad(song, ((lost, size - lost - 333), (0, 0)))[None])
    for samples in (50, 97, 1000):
        stems = sm.separate(model, song, 16000, segment=samples / 16000, residual=None)
        for source, stem in stems.items():
            assert stem.shape == song.shape
            np.testing.assert_allclose(stem, whole[source][0, :333], atol=1e-5)


def test_pooling_needs_whole_pieces_in_valid_mode():
    model = BottleneckNCWaveNet(**POOLED, padding="valid")
    assert [model.valid_length(n) for n in (1, 4, 5, 9)] == [(40, 4), (40, 4), (45, 9), (45, 9)]
    with pytest.raises(ValueError, match="3 samples more"):
        model(noise(1, 42, 1))


def test_pool_and_hold():
    steps = np.array([1.0, 2.0, 3.0, 4.0, 5.0], "float32").reshape(1, 5, 1)
    held = PoolAndHold(2, "same")(steps)
    np.testing.assert_array_equal(np.ravel(held), [1.5, 1.5, 3.5, 3.5, 2.5])


# === The networks, written again in numpy ===


def convolve(model, name, x, dilation=1, stride=1):
    """A layer's convolution with zeros around, its middle on every `stride`-th step."""
    kernel, *bias = (weight.numpy() for weight in model.get_layer(name).weights)
    side = dilation * (len(kernel) // 2)
    padded = np.pad(x, ((side, side), (0, 0)))
    taps = [padded[i * dilation :][: len(x)] @ tap for i, tap in enumerate(kernel)]
    return (sum(taps) + sum(bias))[::stride]


def residual(model, name, x):
    block = model.get_layer(name)
    inner = np.maximum(0, x)
    for part, side in ((block.dilated, block.kernel_size // 2), (block.to_residual, 0)):
        kernel, bias = (weight.numpy() for weight in part.weights)
        padded = np.pad(inner, ((side, side), (0, 0)))
        inner = sum(padded[i:][: len(x)] @ tap for i, tap in enumerate(kernel)) + bias
        inner = np.maximum(0, inner) if part is block.dilated else inner
    return x + inner


def double(model, name, x, length):
    """Step `i` has an effect at `2 * i - 1`, `2 * i` and `2 * i + 1`."""
    kernel, bias = (weight.numpy() for weight in model.get_layer(name).weights)
    out = np.zeros((2 * len(x) + 1, kernel.shape[1]))
    for i, step in enumerate(x):
        out[2 * i : 2 * i + 3] += kernel @ step
    return (out + bias)[1:][:length]


def relu(x):
    return np.maximum(0, x)


@pytest.mark.parametrize("time", [1, 6, 21])
def test_strided_is_the_authors_network(time):
    model = stirred(StridedNCWaveNet(**STRIDED))
    mixture = noise(time, 1)
    x = (signal.mu_law_compress(mixture).numpy() + 0.0039727693) / 0.5484016520
    x, skips = convolve(model, "front", x), []
    for scale in (0, 1):
        for index in (0, 1):
            skips.append(convolve(model, f"skip_{scale}_{index}", relu(x)))
            x = residual(model, f"down_{scale}_{index}", x)
        x = convolve(model, f"halve_{scale}_strided", relu(x), stride=2)
        x = convolve(model, f"halve_{scale}_out", relu(x))
    for index in (0, 1):
        x = convolve(model, f"bottom_{index}", relu(x))
    for scale in (1, 0):
        x = double(model, f"double_{scale}_strided", relu(x), len(skips[-1]))
        x = convolve(model, f"double_{scale}_out", relu(x))
        for index in (1, 0):
            inner = np.concatenate([skips.pop(), relu(x)], axis=-1)
            inner = relu(convolve(model, f"up_{scale}_{index}_wide", inner))
            x = x + convolve(model, f"up_{scale}_{index}_out", inner)
    x = np.tanh(convolve(model, "head", np.where(x > 0, x, 0.01 * x)))
    x = convolve(model, "companded", x)
    companded = model.training_model("companded")(mixture[None])
    np.testing.assert_allclose(companded[0, ..., 0], x, rtol=1e-3, atol=1e-3)


def test_spectral_is_the_authors_network():
    model = stirred(SpectralNCWaveNet(**SPECTRAL))
    mixture = noise(1, 50, 1)
    real, imaginary = signal.stft(mixture[..., 0], 16, 4)
    x = convolve(model, "front", np.concatenate([real[0], imaginary[0]], axis=-1))
    skips = 0
    for index in range(3):
        skips = skips + convolve(model, f"skip_{index}", relu(x))  # before the convolution
        x = residual(model, f"layer_{index}", x) if index < 2 else None
    x = convolve(model, "parts", relu(convolve(model, "head", relu(skips))))
    spectrum = np.asarray(model.training_model("spectrum")(mixture))[0, ..., 0, 0]
    np.testing.assert_allclose(spectrum.reshape(-1, 18), x, rtol=1e-3, atol=1e-3)
    wave = signal.istft((x[None, :, :9], x[None, :, 9:]), 50, 16, 4)
    stems = model(mixture)
    np.testing.assert_allclose(stems["accompaniment"][..., 0], wave, atol=1e-3)
    np.testing.assert_allclose(stems["vocals"] + stems["accompaniment"], mixture, atol=1e-5)


def test_lluis_is_the_authors_network():
    model = stirred(LluisWaveNet(("vocals", "drums", "other"), **LLUIS))
    mixture = noise(50, 1)
    x, skips = convolve(model, "front", mixture), 0
    for index, dilation in enumerate((1, 2, 1, 2)):
        level, gate = np.split(convolve(model, f"dilated_{index}", x, dilation), 2, axis=-1)
        z = np.tanh(level) / (1 + np.exp(-gate))
        through, skip = np.split(convolve(model, f"out_{index}", z), 2, axis=-1)
        x, skips = x + through, skips + skip
    x = convolve(model, "head_1", relu(convolve(model, "head_0", relu(skips))))
    x = convolve(model, "waves", x)
    stems = model(mixture[None])
    np.testing.assert_allclose(stems["vocals"][0, :, 0], x[:, 0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(stems["drums"][0, :, 0], x[:, 1], rtol=1e-3, atol=1e-4)
    rest = mixture[:, 0] - x.sum(axis=-1)
    np.testing.assert_allclose(stems["other"][0, :, 0], rest, rtol=1e-3, atol=1e-4)


def test_lluis_is_silent_in_silence():
    stems = LluisWaveNet(**LLUIS)(np.zeros((1, 30, 1), "float32"))
    assert all(np.all(np.asarray(stem) == 0) for stem in stems.values())


@pytest.mark.parametrize("target", ["accompaniment", None])
def test_spectral_targets_are_the_spectra_of_the_stems(target):
    stems = {"vocals": noise(2, 50, 2), "accompaniment": noise(2, 50, 2, seed=1)}
    model = SpectralNCWaveNet(**SPECTRAL, target=target, channels=2)
    mixture, targets = model.training_pair(sum(stems.values()), stems, "spectrum")
    assert targets.shape == model.training_model("spectrum")(mixture).shape
    for index, source in enumerate(model.sources if target is None else (target,)):
        spectrum = signal.stft(np.moveaxis(stems[source], 1, 2), 16, 4)
        for part in (0, 1):
            expected = np.moveaxis(np.asarray(spectrum[part]), 1, 3)
            np.testing.assert_allclose(targets[:, :, part, ..., index], expected, atol=1e-5)


# === Domain confusion ===


def confused(**arguments):
    model = stirred(BottleneckNCWaveNet(**{**WAVE, "pooling": None, **arguments}, domains=DOMAINS))
    return model, model.training_model("companded")


def test_gradient_of_the_classifier_is_reversed_in_the_encoder():
    model, training_model = confused()
    mixture, label = noise(3, 40, 1), np.array([0, 2, 1])
    encode = keras.Model(model.input, model.get_layer("encoder_1").output)
    layers = [training_model.get_layer(f"domain_{index}") for index in range(3)]
    encoder = encode.trainable_weights
    classifier = [weight for layer in layers for weight in layer.trainable_weights]

    with tf.GradientTape() as tape:
        x = encode(mixture)
        for layer in layers:
            x = layer(x)
            assert np.min(x) < 0  # elu, also the last
        logits = tf.reduce_mean(x, axis=1)
        log_probabilities = tf.nn.log_softmax(logits)
        plain = -tf.reduce_mean(tf.gather(log_probabilities, label, batch_dims=1))
    expected = tape.gradient(plain, encoder + classifier)

    with tf.GradientTape() as tape:
        estimate = training_model([mixture, label], training=True)
        (cost,) = training_model.losses
    given = tape.gradient(cost, encoder + classifier)
    np.testing.assert_allclose(cost, plain, rtol=1e-5)
    scales = [-0.01] * len(encoder) + [1.0] * len(classifier)
    for ours, theirs, scale in zip(given, expected, scales, strict=True):
        np.testing.assert_allclose(ours, scale * theirs, rtol=1e-3, atol=1e-6)
    companded = keras.Model(model.input, model._estimates["companded"])(mixture)
    np.testing.assert_array_equal(estimate, companded)


def test_classifier_learns_the_domain_and_is_no_part_of_the_validation():
    model, training_model = confused(filters=4)
    training_model.compile(keras.optimizers.Adam(0.03), loss=sm.losses.l1, jit_compile=False)
    label = np.arange(12) % 3
    mixture = noise(12, 40, 1) * np.array([0.01, 0.3, 3.0])[label, None, None]
    targets = model.targets({"accompaniment": mixture}, "companded")
    batches = tf.data.Dataset.from_tensors(
        model.training_pair(mixture, {"accompaniment": mixture}, "companded", label)
    )
    before = training_model.evaluate(batches, verbose=0, return_dict=True)
    expected = np.mean(np.abs(targets - training_model([mixture, label])))
    np.testing.assert_allclose(before["loss"], expected, rtol=1e-4)
    history = training_model.fit(batches, epochs=60, shuffle=False, verbose=0).history
    assert history["loss"][0] > expected + 0.1  # nats of the classifier
    after = training_model.evaluate(batches, verbose=0, return_dict=True)
    assert before["domain_accuracy"] < 0.7
    assert after["domain_accuracy"] > 0.9
    assert after["loss"] < before["loss"]


def test_trains_on_songs_of_two_domains_and_saves_the_separator_alone(tmp_path):
    songs = sm.datasets.synthetic.load(4, seconds=1.0)
    for song, domain in zip(songs, ("rock", "folk") * 2, strict=True):
        song.domain = domain
    arguments = {**WAVE, "pooling": 20, "padding": "valid", "domains": ("rock", "folk")}
    recipe = sm.recipes.Recipe(
        "BottleneckNCWaveNet", arguments, 0.1, 2, 2, 1, loss_on="companded", cross_songs=0.0
    )
    run = sm.train(recipe, songs, tmp_path, progress=False)
    assert run.history["domain_accuracy"].between(0, 1).all()
    assert trainable(run.model) == trainable(BottleneckNCWaveNet(**arguments))
    assert run.model.domains == ("rock", "folk")


def test_the_recipe_with_domain_confusion_learns_from_synthetic_songs(tmp_path):
    songs = sm.datasets.synthetic.load(6, seconds=1.0)
    recipe = sm.recipes.NC_WAVENET_CONFUSED
    assert {song.domain for song in songs} == set(recipe.arguments["domains"])
    tiny = {"filters": 4, "skip_filters": 4, "dilations": (1, 2), "segment": 0.1}
    recipe = recipe.vary(**tiny, steps_per_epoch=2, epochs=1)
    run = sm.train(recipe, songs, tmp_path, progress=False)
    assert {"domain_accuracy", "val_domain_accuracy"} <= set(run.history)
    assert run.history["domain_accuracy"].between(0, 1).all()
    keras.utils.set_random_seed(recipe.seed)
    models = recipe.build(), run.model  # the one as it was, the other as it is
    before, after = (model.get_layer("encoder_1").get_weights() for model in models)
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_missing_label_is_named():
    model, _ = confused()
    with pytest.raises(ValueError, match=r"label must .*\('rock', 'folk', 'jazz'\)"):
        model.training_pair(noise(1, 40, 1), {"accompaniment": noise(1, 40, 1)}, "companded")


# === Bad arguments ===


@pytest.mark.parametrize(
    ("cls", "arguments", "named"),
    [
        (BottleneckNCWaveNet, {**POOLED, "stacks": (0, 2)}, r"pooling=5, .*stacks=\(0, 2\)"),
        (BottleneckNCWaveNet, {**POOLED, "pooling": 0}, "pooling=0"),
        (BottleneckNCWaveNet, {**POOLED, "domains": "ab"}, "domains='ab'"),
        (BottleneckNCWaveNet, {**POOLED, "stacks": (0, 2), "domains": ["a", "b"]}, "domains="),
        (
            BottleneckNCWaveNet,
            {**POOLED, "domains": ["a"]},
            r"at least 2 different names.*\('a',\)",
        ),
        (NCWaveNet, {**TINY, "sources": "vocals"}, "sources='vocals'"),
        (NCWaveNet, {**TINY, "dilations": (1, 0)}, "dilations=0"),
        (LluisWaveNet, {"dilations": ()}, r"dilations=\(\)"),
        (StridedNCWaveNet, {"target": "drums"}, "target='drums'"),
        (StridedNCWaveNet, {"head": "softmax"}, "head='softmax'"),
        (StridedNCWaveNet, {"kernel_size": 4}, "received: kernel_size=4"),
        (StridedNCWaveNet, {"scales": 0}, "scales=0"),
        (StridedNCWaveNet, {"layers_per_scale": 0}, "layers_per_scale=0"),
        (SpectralNCWaveNet, {"depth": 1}, "depth=1"),
        (SpectralNCWaveNet, {"hop_length": 800}, "hop_length=800"),
        (SpectralNCWaveNet, {"target": "drums"}, "target='drums'"),
        (LluisWaveNet, {"sources": ("vocals",)}, r"sources=\('vocals',\)"),
        (LluisWaveNet, {"stacks": 0}, "stacks=0"),
        (LluisWaveNet, {"head_filters": (8,)}, r"head_filters=\(8,\)"),
        (LluisWaveNet, {"padding": "causal"}, "padding='causal'"),
    ],
)
def test_bad_argument_is_named(cls, arguments, named):
    with pytest.raises(ValueError, match=f"(?i){named}"):
        cls(**arguments)


def test_unknown_representation_is_named():
    for method in (lambda m: m.training_model("mel"), lambda m: m.targets({}, "mel")):
        with pytest.raises(ValueError, match="loss_on='mel'"):
            method(SpectralNCWaveNet(**SPECTRAL))
