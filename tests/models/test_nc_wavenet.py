import keras
import numpy as np
import pytest

import sepmodels as sm
from sepmodels import signal
from sepmodels.models.nc_wavenet.nc_wavenet import NCWaveNet
from sepmodels.training import losses

SMALL = {"filters": 8, "skip_filters": 8, "dilations": (1, 2)}
TINY = {**SMALL, "stacks": (1, 1)}  # context: 12 + 2 * (1 + 2) samples a side
ONE = 128 * 128 + 128  # a residual convolution of the authors' networks
STRUCTURE_A = tuple(2**i for i in range(9))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype("float32")


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


# What the authors' code creates and never uses: the residual convolution of the last layer,
# and in structure A the skip convolutions of the first 27 layers.
@pytest.mark.parametrize(
    ("arguments", "authors", "dead", "field"),
    [
        ({}, 8_703_232, ONE + 27 * (128 * 512 + 512), 7179),
        ({"stacks": (0, 5), "activation": "gated"}, 8_547_712, ONE, 5135),
        ({"stacks": (0, 5), "activation": "leaky_relu"}, 6_330_112, ONE, 5135),
        (
            {"stacks": (0, 5), "activation": "leaky_relu", "head": "regression"},
            6_199_297,
            ONE,
            5135,
        ),
    ],
    ids=["structure_a", "wavenet", "wavenet2", "regwavenet"],
)
def test_parameters_and_receptive_field_of_the_authors(arguments, authors, dead, field):
    model = NCWaveNet(**arguments)
    assert trainable(model) == authors - dead
    assert model.count_params() == trainable(model) + 2  # mean and variance of the mixture
    assert sum(model.context) + 1 == field


def test_the_geometry_of_the_authors():
    assert 27 * (128 * 512 + 512) == 1_783_296  # unused, and 6,919,936 that they count as used
    assert signal.compute_context(3, STRUCTURE_A * 7) == (3577, 3577)
    assert signal.compute_context(3, STRUCTURE_A * 5) == (2555, 2555)
    assert signal.compute_receptive_field(3, STRUCTURE_A * 7) + 24 == 7179
    assert signal.compute_receptive_field(3, STRUCTURE_A * 5) + 24 == 5135


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gated"])
@pytest.mark.parametrize("stacks", [(1, 1), (0, 2)])
def test_output_depends_on_its_context_and_nothing_else(activation, stacks):
    model = NCWaveNet(activation=activation, stacks=stacks, **SMALL)
    assert model.context == (18, 18)
    listen = model.training_model("classes")
    mixture, at = noise(1, 61, 1), 30
    before = np.array(listen(mixture))[:, at]
    outside = noise(1, 61, 1, seed=1)
    outside[:, 12:49] = mixture[:, 12:49]
    np.testing.assert_array_equal(np.array(listen(outside))[:, at], before)
    for edge in (12, 48):
        changed = mixture.copy()
        changed[:, edge] = -0.9
        assert np.any(np.array(listen(changed))[:, at] != before)


@pytest.mark.parametrize("target", ["accompaniment", None])
@pytest.mark.parametrize("head", ["classes", "regression"])
def test_valid_mode_is_the_centre_of_the_padded_one(head, target):
    padded = NCWaveNet(head=head, target=target, **TINY)
    valid = NCWaveNet(head=head, target=target, padding="valid", **TINY)
    valid.set_weights(padded.get_weights())
    mixture = noise(2, 70, 1)
    assert valid.valid_length(34) == (70, 34)
    assert padded.valid_length(34) == (34, 34)
    assert list(valid(mixture)) == ["vocals", "accompaniment"]
    for source, stem in valid(mixture).items():
        np.testing.assert_allclose(stem, padded(mixture)[source][:, 18:-18], atol=1e-5)


@pytest.mark.parametrize("head", ["classes", "regression"])
def test_any_chunking_equals_one_pass_and_keeps_the_tail(head):
    model = NCWaveNet(head=head, padding="valid", **TINY)
    song = noise(333, 1)
    whole = model(np.pad(song, ((18, 18), (0, 0)))[None])
    for samples in (50, 97, 1000):
        stems = sm.separate(model, song, 16000, segment=samples / 16000, batch_size=3)
        for source, stem in stems.items():
            assert stem.shape == song.shape
            np.testing.assert_allclose(stem, whole[source][0], atol=1e-5)


@pytest.mark.parametrize(
    ("target", "other"), [("accompaniment", "vocals"), ("vocals", "accompaniment")]
)
def test_target_is_the_most_probable_class_and_the_other_the_rest(target, other):
    model = NCWaveNet(target=target, **TINY)
    mixture = noise(2, 30, 1)
    logits = np.array(model.training_model("classes")(mixture))
    assert logits.shape == (2, 30, 1, 1, 256)
    stems = {source: np.array(stem) for source, stem in model(mixture).items()}
    most_probable = signal.mu_law_decode(logits.argmax(-1)[..., 0])
    np.testing.assert_array_equal(stems[target], most_probable)
    np.testing.assert_allclose(stems[target] + stems[other], mixture, atol=1e-6)


def test_two_heads_share_all_but_their_logits():
    model, one = NCWaveNet(target=None, **TINY), NCWaveNet(**TINY)
    assert trainable(model) == trainable(one) + 8 * 256 + 256
    mixture = noise(1, 30, 2)[..., :1]
    logits = np.array(model.training_model("classes")(mixture))
    for index, source in enumerate(["vocals", "accompaniment"]):
        most_probable = signal.mu_law_decode(logits[..., index, :].argmax(-1))
        np.testing.assert_array_equal(model(mixture)[source], most_probable)
    assert np.any(logits[..., 0, :] != logits[..., 1, :])


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_targets_fit_the_estimates_sample_by_sample(padding):
    stems = {"vocals": noise(2, 40, 1), "accompaniment": noise(2, 40, 1, seed=1)}
    mixture = noise(2, 76 if padding == "valid" else 40, 1)
    model = NCWaveNet(padding=padding, **TINY)
    classes = model.targets(stems, "classes")
    expected = signal.mu_law_encode(stems["accompaniment"])
    np.testing.assert_array_equal(classes[..., 0], expected)
    assert classes.shape == model.training_model("classes")(mixture).shape[:-1]
    model = NCWaveNet(padding=padding, target=None, head="regression", **TINY)
    for loss_on, change in (("companded", signal.mu_law_compress), ("waveform", np.asarray)):
        targets = model.targets(stems, loss_on)
        assert targets.shape == model.training_model(loss_on)(mixture).shape
        for index, stem in enumerate(stems.values()):
            np.testing.assert_array_equal(targets[..., index], change(stem))


def test_regression_representations_show_the_same_estimate():
    model = NCWaveNet(head="regression", target=None, channels=2, **TINY)
    mixture = noise(1, 30, 2)
    companded = model.training_model("companded")(mixture)
    waves = model.training_model("waveform")(mixture)
    assert waves.shape == (1, 30, 2, 2)
    np.testing.assert_allclose(signal.mu_law_expand(companded), waves, atol=1e-6)


def test_standardizes_the_companded_mixture():
    model = NCWaveNet(channels=2, **TINY)
    inner = keras.Model(model.input, model.get_layer("standardize").output)
    authors = signal.mu_law_expand(np.full((1, 5, 2), -0.0039727693 + 0.5484016520))
    np.testing.assert_allclose(inner(authors), 1, atol=1e-4)
    mixture = noise(4, 500, 2) * np.array([0.1, 2.0], "float32")
    model.adapt(mixture)
    seen = np.asarray(inner(mixture))
    np.testing.assert_allclose(seen.mean(axis=(0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(seen.std(axis=(0, 1)), 1, atol=1e-4)


def test_learns_classes():
    vocals = noise(4, 60, 1)
    mixture = vocals + np.sign(vocals) * 0.5
    stems = {"accompaniment": np.sign(vocals)[:, 18:-18] * 0.5}  # in two classes
    model = NCWaveNet(padding="valid", **TINY)
    model.adapt(mixture)
    training_model = model.training_model("classes")
    loss = losses.get("mu_law_cross_entropy")
    training_model.compile(keras.optimizers.Adam(0.03), loss=loss, jit_compile=False)
    targets = model.targets(stems, "classes")
    np.testing.assert_allclose(loss(targets, training_model(mixture)), np.log(256), atol=0.5)
    for _ in range(40):
        training_model.train_on_batch(mixture, targets)
    assert np.max(loss(targets, training_model(mixture))) < 0.5
    error = model(mixture)["accompaniment"] - stems["accompaniment"]
    assert np.median(np.abs(error)) < 0.02  # the class is the right one


def test_cross_entropy_by_hand():
    logits = noise(2, 5, 1, 1, 256) * 10
    classes = np.random.default_rng(0).integers(0, 256, (2, 5, 1, 1))
    probability = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = -np.log(np.take_along_axis(probability, classes[..., None], -1)).mean((1, 2, 3, 4))
    given = losses.mu_law_cross_entropy(classes.astype("float32"), logits)
    np.testing.assert_allclose(given, expected, rtol=1e-4)
    np.testing.assert_allclose(losses.mu_law_cross_entropy(classes, logits * 0), 5.545, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"target": "drums"}, "target='drums'"),
        ({"sources": ("vocals", "drums", "accompaniment")}, "target='accompaniment'"),
        ({"head": "softmax"}, "head='softmax'"),
        ({"activation": "elu"}, "activation='elu'"),
        ({"padding": "causal"}, "padding='causal'"),
        ({"stacks": (3, 0)}, r"stacks=\(3, 0\)"),
        ({"dilations": ()}, r"dilations=\(\)"),
    ],
)
def test_bad_argument_is_named(arguments, named):
    with pytest.raises(ValueError, match=f"(?i){named}"):
        NCWaveNet(**{**TINY, **arguments})


@pytest.mark.parametrize(
    ("head", "loss_on"), [("classes", "waveform"), ("regression", "classes"), ("classes", "mel")]
)
def test_unknown_representation_is_named(head, loss_on):
    model = NCWaveNet(head=head, **TINY)
    with pytest.raises(ValueError, match=f"loss_on='{loss_on}'"):
        model.training_model(loss_on)
    with pytest.raises(ValueError, match=f"loss_on='{loss_on}'"):
        model.targets({}, loss_on)
