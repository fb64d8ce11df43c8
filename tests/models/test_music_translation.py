import keras
import numpy as np
import pytest
import tensorflow as tf

import sepmodels as sm
from sepmodels import signal
from sepmodels.models import (
    DomainClassifier,
    MusicTranslation,
    TranslationDecoder,
    TranslationEncoder,
)
from sepmodels.models.music_translation.music_translation import detune
from sepmodels.models.music_translation.networks import (
    compute_levels,
    fold_domains,
    unfold_domains,
)
from sepmodels.models.music_translation.training_model import cross_entropy
from sepmodels.models.wavenet import generation

DEAD = 128 * 128 + 128  # the residual convolution of the last layer, which the authors never use
TINY = {"filters": 4, "latent_filters": 3, "pooling": 20, "depths": (2, 2), "stacks": (1, 1)}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype("float32")


def lively(model):
    """The model with weights large enough that its output depends on all of its input."""
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(0, 0.4, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize(
    ("part", "authors", "dead"),
    [
        (lambda: TranslationEncoder(), 1_982_528, 0),
        (lambda: TranslationEncoder(latent_filters=128), 1_990_784, 0),
        (lambda: DomainClassifier(domains=6), 27_306, 0),
        (lambda: TranslationDecoder(), 4_692_992, DEAD),
        (lambda: TranslationDecoder(depth=14), 6_540_288, DEAD),
    ],
    ids=["encoder_64", "encoder_128", "classifier", "decoder_10", "decoder_14"],
)
def test_parameters_of_the_authors(part, authors, dead):
    assert part().count_params() == authors - dead


def reach(model, *inputs):
    """The first and last step that an impulse moves, if no weight is negative and no bias is."""
    model.set_weights([np.ones(w.shape) * (w.ndim > 1) for w in model.get_weights()])
    moved = np.flatnonzero(np.array(model([*inputs] if len(inputs) > 1 else inputs[0]))[0, :, 0])
    return moved[0], moved[-1]


def test_receptive_fields():
    impulse = np.zeros((1, 7000, 1), "float32")
    impulse[0, 3500] = 1e-3
    first, last = reach(TranslationEncoder(filters=1, latent_filters=1, pooling=1), impulse)
    assert (first, last) == (3500 - 3070, 3500 + 3070)
    assert last - first + 1 == 6141  # samples
    decoder = TranslationDecoder(filters=1, latent_filters=1, pooling=7000)
    impulse = np.roll(impulse, -3400, axis=1)
    first, last = reach(decoder, impulse, np.zeros((1, 1, 1), "float32"))
    assert first == 100 + 1  # a sample has an effect from the next one on
    assert last - first + 1 == 4093 + 1  # the layers, and one more through the front


@pytest.mark.parametrize("preactivation", [False, True])
def test_a_layer_of_the_encoder_is_the_formula(preactivation):
    encoder = lively(
        TranslationEncoder(3, 2, pooling=1, depth=1, stacks=1, preactivation=preactivation)
    )
    front, block, latent = (encoder.get_layer(name) for name in ("front", "block_0", "latent"))
    x = noise(1, 30, 1)
    y = front(x)
    inner = keras.ops.relu(block.dilated(keras.ops.relu(y) if preactivation else y))
    expected = latent(y + block.to_residual(inner))
    np.testing.assert_allclose(encoder(x), expected, atol=1e-5)


def test_an_encoding_is_a_mean_and_needs_whole_pieces():
    arguments = {"filters": 4, "latent_filters": 3, "depth": 2, "stacks": 2}
    fine, coarse = TranslationEncoder(pooling=1, **arguments), TranslationEncoder(**arguments)
    coarse.set_weights(fine.get_weights())
    x = noise(2, 1600, 1)
    means = np.array(fine(x)).reshape(2, 2, 800, 3).mean(axis=2)
    np.testing.assert_allclose(coarse(x), means, atol=1e-5)
    with pytest.raises(ValueError, match="multiple of pooling=800"):
        coarse(x[:, 1:])
    model = MusicTranslation(**TINY)
    assert [model.valid_length(n) for n in (1, 20, 21)] == [(20, 20), (20, 20), (40, 40)]


def test_the_classifier_averages_logits():
    classifier = lively(DomainClassifier(domains=3, latent_filters=4, filters=5))
    x = noise(2, 6, 4)
    steps = [np.array(classifier(x[:, t : t + 1])) for t in range(6)]
    np.testing.assert_allclose(classifier(x), np.mean(steps, axis=0), atol=1e-5)


def test_silence_is_padded_as_silence():
    assert np.unique(compute_levels(np.zeros((1, 4, 2)))).tolist() == [np.float32(128 / 255) - 0.5]


def test_every_wave_has_its_own_decoder_and_its_own_row_of_logits():
    model = lively(MusicTranslation(("a", "b", "c"), **TINY))
    augmented, previous = noise(2, 40, 3), noise(2, 40, 3, seed=1)
    samples, domains = model([augmented, previous])
    latents = [model.get_layer("encoder")(compute_levels(augmented[..., [d]])) for d in range(3)]
    for d, source in enumerate(model.sources):
        logits = model.get_layer(f"decoder_{source}")(
            [compute_levels(previous[..., [d]]), latents[d]]
        )
        np.testing.assert_allclose(samples[:, :, d], logits, atol=1e-4)
        expected_logits = model.get_layer("classifier")(latents[d])
        np.testing.assert_allclose(domains[:, d], expected_logits, atol=1e-4)


def test_a_sample_is_predicted_from_those_before_it():
    model = lively(MusicTranslation(**TINY))
    augmented, previous = noise(1, 40, 2), noise(1, 40, 2, seed=1)
    before = np.array(model([augmented, previous])[0])
    previous[:, 25:] *= -1
    after = np.array(model([augmented, previous])[0])
    np.testing.assert_array_equal(after[:, :26], before[:, :26])
    assert np.all(np.any(after[:, 26] != before[:, 26], axis=-1))


@pytest.mark.parametrize(
    ("temperature", "depth", "stacks"), [(0.0, 3, 2), (0.7, 3, 2), (0.7, 1, 1)]
)
def test_cached_generation_equals_the_whole_decoder(temperature, depth, stacks):
    decoder = lively(TranslationDecoder(8, 3, pooling=20, depth=depth, stacks=stacks))
    latent, seeds = noise(2, 15, 3), [(5, 0), (5, 1)]
    options = {"temperature": temperature, "conditions": latent, "hold": 20}
    classes = generation.sample(decoder.to_network(), 300, seeds, **options)
    previous = keras.ops.cast(classes[..., None], "float32") / 255 - 0.5
    logits = np.array(decoder([previous, keras.ops.convert_to_tensor(latent)]))
    uniforms = np.stack([np.random.default_rng(seed).random(300, "float32") for seed in seeds])
    np.testing.assert_array_equal(classes, generation.draw(logits, uniforms, temperature))
    assert len(np.unique(classes)) > 5


def test_the_first_sample_follows_the_start():
    """The authors' generator begins with class 128, where training has level 0, between classes."""
    decoder = lively(TranslationDecoder(8, 3, pooling=20, depth=1, stacks=1))
    dilated = decoder.get_layer("block_0").dilated
    kernel = np.array(dilated.kernel)
    kernel[0] = 0  # without a memory within the layers, only the front knows the past
    dilated.kernel.assign(kernel)
    latent = noise(1, 1, 3)
    for start in (None, 3, 128, 250):
        classes = generation.sample(
            decoder.to_network(), 20, [0], 0.0, conditions=latent, hold=20, start=start
        )
        before = 0.0 if start is None else start / 255 - 0.5
        levels = np.concatenate([[before], classes[0] / 255 - 0.5])[None, :20, None]
        logits = np.array(decoder([np.pad(levels[:, 1:], ((0, 0), (0, 1), (0, 0))), latent]))
        assert classes[0, 2:].tolist() == logits[0, 2:].argmax(-1).tolist()  # the front has 2 taps
        shifted = decoder([levels, latent])  # a sample later: its second logits follow the start
        assert classes[0, 0] == np.array(shifted)[0, 1].argmax(-1)
    with pytest.raises(ValueError, match=r"start=\[256\]"):
        generation.sample(decoder.to_network(), 20, conditions=latent, hold=20, start=256)


def test_the_convention_of_the_authors():
    model = MusicTranslation(**TINY, convention="truncate")
    stems = {source: noise(2, 40, 1) for source in model.sources}
    _, classes = model.training_pair(None, stems)
    expected = [signal.mu_law_encode(stem, 256, "truncate") for stem in stems.values()]
    np.testing.assert_array_equal(classes, np.concatenate(expected, axis=-1))
    silence = np.zeros((1, 4, 2))
    level = np.unique(compute_levels(silence, "truncate")).tolist()
    assert level == [np.float32(127 / 255) - 0.5]
    other = MusicTranslation(**TINY)
    other.set_weights(model.get_weights())
    waves = noise(1, 40, 2)
    assert np.any(np.array(model([waves, waves])[0]) != np.array(other([waves, waves])[0]))


def test_translating_keeps_length_rate_and_channels():
    model = lively(MusicTranslation(**TINY))
    wave = noise(333, 2)
    first = model.translate(wave, sample_rate=8000, to="vocals", seed=1)
    assert first.shape == (333, 2) and first.dtype == np.float32
    np.testing.assert_array_equal(first, model.translate(wave, 8000, to="vocals", seed=1))
    assert np.any(first != model.translate(wave, 8000, to="vocals", seed=2))
    assert np.any(first != model.translate(wave, 8000, to="accompaniment", seed=1))
    with pytest.raises(ValueError, match="to='piano'"):
        model.translate(wave, to="piano")
    with pytest.raises(ValueError, match=r"shape \(333,\)"):
        model.translate(wave[:, 0])


# === Training ===


def test_a_piece_is_out_of_tune_for_the_encoder_alone():
    model = MusicTranslation(**TINY)
    stems = {"vocals": noise(3, 8000, 1), "accompaniment": noise(3, 8000, 1, seed=1)}
    (augmented, waves), classes = model.training_pair(None, stems)
    clean = np.concatenate([stems["vocals"], stems["accompaniment"]], axis=-1)
    np.testing.assert_array_equal(waves, clean)
    np.testing.assert_array_equal(classes, signal.mu_law_encode(clean))
    np.testing.assert_array_equal(augmented, model.training_pair(None, stems)[0][0])
    starts = set()
    for before, after in zip(
        *(np.moveaxis(x, 1, 2).reshape(6, -1) for x in (clean, np.array(augmented))), strict=True
    ):
        moved = np.flatnonzero(before != after)
        starts.add(moved[0])
        assert moved[0] <= 4000
        assert 1990 <= moved[-1] - moved[0] + 1 <= 4000
    assert len(starts) == 6
    np.testing.assert_array_equal(detune(clean, 0.0), clean)
    assert not detune(np.zeros((1, 8000, 2)), 0.5).any()


def learner(confusion, rate=1.0, **arguments):
    """A model before its first step by plain gradient descent, the same every time."""
    keras.utils.set_random_seed(0)
    model = MusicTranslation(confusion=confusion, **TINY, **arguments)
    training_model = model.training_model("classes")
    training_model.compile(
        keras.optimizers.SGD(rate), loss=sm.losses.mu_law_cross_entropy, jit_compile=False
    )
    training_model.classifier_optimizer = keras.optimizers.SGD(0.0)
    return model, training_model


def step(training_model, augmented, waves):
    batch = ((augmented, waves), signal.mu_law_encode(waves))
    return training_model.train_step(keras.tree.map_structure(keras.ops.convert_to_tensor, batch))


def test_each_step_moves_its_own_weights():
    augmented, waves = noise(2, 40, 2), noise(2, 40, 2, seed=1)
    model, training_model = learner("alternating")
    classifier = model.get_layer("classifier")
    still, encoder = classifier.get_weights(), model.get_layer("encoder").get_weights()
    step(training_model, augmented, waves)  # with a classifier that learns at rate 0
    for before, after in zip(still, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)
    assert np.any(model.get_layer("encoder").get_weights()[0] != encoder[0])

    model, training_model = learner("alternating", rate=0.0, confusion_weight=0.5)
    classifier, encoder = model.get_layer("classifier"), model.get_layer("encoder")
    training_model.classifier_optimizer = keras.optimizers.SGD(1.0)
    with tf.GradientTape() as tape:
        cost = 0.5 * cross_entropy(
            unfold_domains(classifier(encoder(fold_domains(compute_levels(waves)))), 2)
        )
    slopes = tape.gradient(cost, classifier.trainable_variables)
    expected = [w - s for w, s in zip(classifier.get_weights(), slopes, strict=True)]
    others = [w for w in model.weights if all(w is not v for v in classifier.weights)]
    still = [np.array(w) for w in others]
    step(training_model, augmented, waves)  # it learns from the clean waves
    for weight, theirs in zip(classifier.get_weights(), expected, strict=True):
        np.testing.assert_allclose(weight, theirs, atol=1e-6)
    for before, after in zip(still, others, strict=True):
        np.testing.assert_array_equal(after, before)


def test_the_encoder_ascends_the_loss_of_the_classifier():
    augmented, waves = noise(2, 40, 2), noise(2, 40, 2, seed=1)
    kernels = {}
    for confusion in ("alternating", "reversal", None):
        model, training_model = learner(confusion, confusion_weight=0.5)
        encoder, classifier = model.get_layer("encoder"), model.get_layer("classifier")
        with tf.GradientTape() as tape:
            cost = 0.5 * cross_entropy(
                unfold_domains(classifier(encoder(fold_domains(compute_levels(augmented)))), 2)
            )
        slope = np.array(tape.gradient(cost, encoder.get_layer("latent").kernel))
        step(training_model, augmented, waves)
        kernels[confusion] = np.array(encoder.get_layer("latent").kernel)
    assert np.abs(slope).max() > 1e-4
    np.testing.assert_allclose(kernels["alternating"] - kernels[None], slope, atol=1e-6)
    np.testing.assert_allclose(kernels["reversal"], kernels["alternating"], atol=1e-6)


def test_a_gradient_is_clipped_by_value():
    model, training_model = learner("alternating", confusion_weight=1e4)
    before = model.get_layer("encoder").get_weights()
    step(training_model, noise(2, 40, 2), noise(2, 40, 2, seed=1))
    after = model.get_layer("encoder").get_weights()
    moves = np.concatenate([np.ravel(a - b) for a, b in zip(after, before, strict=True)])
    assert np.abs(moves).max() == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(moves) > 1.5


def songs(seconds=0.6, count=8, rate=2000):
    """A plucked string and a flute that play the same tunes."""
    random, time = np.random.default_rng(0), np.arange(int(seconds * rate)) / rate
    tracks = []
    for number in range(count):
        pitch = 100 * 2 ** random.uniform(0, 1)
        turns = 2 * np.pi * pitch * time
        stems = {
            "vocals": 0.4 * np.sin(turns),
            "accompaniment": 0.01 * np.sign(np.sin(turns)),
        }
        stems = {name: stem[:, None].astype("float32") for name, stem in stems.items()}
        tracks.append(sm.datasets.Track.from_arrays(f"tune {number}", stems, rate))
    return tracks


RECIPE = sm.recipes.Recipe(
    model="MusicTranslation",
    arguments={**TINY, "sample_rate": 2000, "filters": 8, "depths": (2, 3), "pooling": 40},
    segment=0.2,
    batch_size=4,
    steps_per_epoch=100,
    epochs=2,
    learning_rate=3e-3,
    loss="mu_law_cross_entropy",
    loss_on="classes",
    gains=(1.0, 1.0),
    cross_songs=0.0,
)


def test_stopping_changes_nothing(tmp_path, monkeypatch):
    short = RECIPE.vary(steps_per_epoch=2)
    whole = sm.train(short, songs(), tmp_path / "whole", progress=False)
    keep = sm.training.checkpoint.Checkpoint.on_epoch_begin

    def stop(self, epoch, logs=None):
        if epoch == 1:
            raise InterruptedError
        keep(self, epoch, logs)

    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(sm.training.checkpoint.Checkpoint, "on_epoch_begin", stop)
        sm.train(short, songs(), tmp_path / "parts", progress=False)
    resumed = sm.train(short, songs(), tmp_path / "parts", progress=False)
    for column in ("loss", "val_loss", "domain_accuracy", "val_domain_accuracy"):
        np.testing.assert_allclose(resumed.history[column], whole.history[column], rtol=1e-4)
    for ours, theirs in zip(resumed.model.weights, whole.model.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_it_learns_to_decode_and_to_confuse(tmp_path):
    tunes, validation = songs()[:6], songs()[6:]
    for confusion in (None, "alternating"):
        recipe = RECIPE.vary(confusion=confusion, confusion_weight=1.0)
        run = sm.train(recipe, tunes, tmp_path / str(confusion), validation, progress=False)
        end = run.history.iloc[-1]
        assert end["val_bits"] < 4.0  # of the 8 that know nothing
        assert end["bits"] == pytest.approx(end["loss"] / np.log(2), rel=1e-4)
        if confusion is None:
            assert run.history["domain_accuracy"].max() > 0.65
        else:
            assert run.history["domain_accuracy"].max() < 0.6  # by chance 0.5


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"sources": ("piano",)}, "at least 2 different"),
        ({"depths": (10,)}, "depths must be a pair"),
        ({"confusion": "adversarial"}, "confusion='adversarial'"),
        ({"confusion_weight": -1.0}, "confusion_weight=-1.0"),
        ({"semitones": -1.0}, "semitones=-1.0"),
    ],
)
def test_wrong_arguments_are_named(wrong, named):
    with pytest.raises(ValueError, match=named):
        MusicTranslation(**{**TINY, **wrong})


def test_unknown_representation_is_named():
    with pytest.raises(ValueError, match="loss_on='waveform'"):
        MusicTranslation(**TINY).training_model("waveform")
