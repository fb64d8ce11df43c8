"""Train the weights that ship with the project.

    python scripts/backing_music.py data/backing_music
    python scripts/sung_voices.py data/sung_voices
    python scripts/train_pretrained.py \
        MIR-1K STUDIO data/backing_music data/sung_voices runs/pretrained

MIR-1K is its root. STUDIO is the album *Everything is Free*: `vocals.ogg` and `accompaniment.ogg`
in a folder for each song. Run it again after an interruption to resume it.

The first stage trains a mono network on MIR-1K. The second continues with mid and side, on
examples of many voices and studios (`pretrained_examples.py`). The weights that ship are the
average of both stages, which keeps what the first learned of karaoke.
"""

import argparse
import json
import math
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from pretrained_examples import SAMPLE_RATE, Examples, load_corpora

import sepmodels as sm
from sepmodels import signal

SECOND = json.loads(Path(__file__).with_name("pretrained_second.json").read_text())
CORPORA = ("mir1k", "studio", "backing", "sung")
SAVE_EVERY = 50  # steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("studio", type=Path, help="the songs of Everything is Free")
    parser.add_argument("backing", type=Path, help="the folder that backing_music.py wrote")
    parser.add_argument("sung", type=Path, help="the folder that sung_voices.py wrote")
    parser.add_argument("folder", type=Path, help="folder of the training")
    parser.add_argument("--epochs", type=int, default=sm.recipes.DILATED_CONV_GRU.epochs)
    parser.add_argument("--first", type=Path, help="weights of the first stage, to skip it")
    arguments = parser.parse_args()

    first = sm.models.load(arguments.first) if arguments.first else train_first(arguments)
    corpora = load_corpora(*(getattr(arguments, name) for name in CORPORA))
    model = train_second(first, corpora, arguments.folder / "second")
    save_rounded(model, arguments.folder / "average.keras")


def train_first(arguments):
    tracks, validation = (
        [
            track.resample(SAMPLE_RATE)
            for track in sm.datasets.mir1k.load(arguments.mir1k, split, protocol="disjoint")
        ]
        for split in ("train", "valid")
    )
    backing = [
        sm.datasets.Track.from_files(path.stem, {"accompaniment": path})
        for path in sorted(arguments.backing.glob("*.wav"))
    ]
    recipe = sm.recipes.DILATED_CONV_GRU.vary(epochs=arguments.epochs)
    return sm.train(recipe, tracks, arguments.folder, validation, backing=backing).model


def train_second(first, corpora, folder):
    recipe = sm.recipes.DILATED_CONV_GRU_STEREO
    keras.utils.set_random_seed(recipe.seed)
    model = recipe.build()
    mixtures = [next_batch(Examples(corpora, recipe.segment, 99), 8).sum(-1) for _ in range(8)]
    model.adapt(signal.decode_mid_side(np.concatenate(mixtures)))
    start_from(first, model)
    start = [variable.numpy() for variable in model.trainable_variables]
    stage = SecondStage(model, recipe, folder)
    stage.run(corpora)
    for variable, old, new in zip(model.trainable_variables, start, stage.average, strict=True):
        variable.assign(average(variable.path, old, new.numpy()))
    return model


def average(path, old, new):
    """The average of the stages; the first knew neither the side nor the refinement."""
    shares = np.full(new.shape, SECOND["share"], "float32")
    if "refine" in path:
        shares[:] = SECOND["share_of_new"]
    elif path.startswith("stem") and new.ndim == 3:
        shares[:, 1::2] = SECOND["share_of_new"]
    elif path.startswith("head"):
        by_channel = shares.reshape(*new.shape[:-1], -1, 2, 2)
        by_channel[..., 1, :] = SECOND["share_of_new"]
    return old + shares * (new - old)


def save_rounded(model, path):
    """Save a model whose weights are rounded to 16 bits, in half the space."""
    for variable in model.variables:
        if variable.dtype == "float32":
            variable.assign(variable.numpy().astype("float16"))
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def start_from(first, model):
    """Give a stereo network the weights of a mono network: it begins as that network on the mid."""
    for layer in first.layers:
        if not layer.weights:
            continue
        old, new = layer.get_weights(), model.get_layer(layer.name).get_weights()
        if layer.name == "standardize":
            for all_channels, mid in zip(new, old, strict=True):
                all_channels[0::2] = mid
        elif layer.name == "stem":
            new = [_widen_stem(mid, both) for mid, both in zip(old, new, strict=True)]
        elif layer.name == "head":
            new = _widen_head(*old)
        else:
            new = old
        model.get_layer(layer.name).set_weights(new)
    refined = model.get_layer("refine_out")
    refined.set_weights([np.zeros_like(weight) for weight in refined.get_weights()])


def _widen_stem(mid, both):
    if mid.shape == both.shape:
        return mid
    side = both[:, 1::2]
    scale = np.linalg.norm(mid, axis=(0, 1)) / np.linalg.norm(side, axis=(0, 1))
    return np.stack([mid, 0.3 * scale * side], axis=2).reshape(both.shape)


def _widen_head(kernel, bias):
    """The side begins with half of the mid's logits, and a little less voice."""
    kernel = kernel.reshape(*kernel.shape[:2], -1, 1, 2) * np.array([1.0, 0.5])[:, None]
    bias = bias.reshape(-1, 1, 2) * np.array([1.0, 0.5])[:, None]
    bias[:, 1] += [-0.5, 0.5]
    return kernel.reshape(*kernel.shape[:2], -1), bias.reshape(-1)


class SecondStage:
    """The training of the second stage, which resumes from its folder.

    Attributes:
        average: list of `tf.Variable`. Exponential moving average of the trained variables.
    """

    def __init__(self, model, recipe, folder):
        self.estimator = keras.Model(model.input, model.training_model("magnitude").output)
        self.model, self.recipe = model, recipe
        self.variables = model.trainable_variables
        self.average = [tf.Variable(variable) for variable in self.variables]
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=SECOND["weight_decay"], global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "/g"])
        self.optimizer.build(self.variables)
        self.step = tf.Variable(0)
        state = tf.train.Checkpoint(
            model=model, optimizer=self.optimizer, average=self.average, step=self.step
        )
        self.states = tf.train.CheckpointManager(state, str(folder), max_to_keep=1)
        if self.states.latest_checkpoint:
            state.restore(self.states.latest_checkpoint)

    def run(self, corpora):
        recipe = self.recipe
        rates = np.array(SECOND["learning_rates"])
        for phase in SECOND["phases"]:
            done = int(self.step)
            form = {name: phase[name] for name in ("karaoke", "sung")} | SECOND["examples"]
            examples = Examples(corpora, recipe.segment, (recipe.seed, done), **form)
            for step in range(done, phase["until"]):
                self.optimizer.learning_rate.assign(np.interp(step, *rates.T))
                decay = min(phase["moving_average"], (step + 2) / (step + 11))
                batch = tf.constant(next_batch(examples, recipe.batch_size))
                loss = self.update(batch, tf.constant(decay, "float32"))
                self.step.assign(step + 1)
                if (step + 1) % SAVE_EVERY == 0 or step + 1 == phase["until"]:
                    print(f"step {step + 1}: loss {float(loss):.3f}", flush=True)
                    self.states.save()

    @tf.function(autograph=False)
    def update(self, pairs, decay):
        pairs = signal.decode_mid_side(pairs, axis=2)
        spectra = [self.spectrum(pairs[..., source]) for source in range(2)]
        with tf.GradientTape() as tape:
            magnitudes = self.estimator(tf.reduce_sum(pairs, -1), training=True)
            loss = compare(magnitudes, *spectra)
        gradients = tape.gradient(loss, self.variables)
        self.optimizer.apply_gradients(zip(gradients, self.variables, strict=True))
        for average, variable in zip(self.average, self.variables, strict=True):
            average.assign(decay * average + (1 - decay) * variable)
        return loss

    def spectrum(self, wave):
        real, imaginary = self.model.get_layer("stft")(wave)
        return tf.complex(signal.encode_mid_side(real), signal.encode_mid_side(imaginary))


def compare(magnitudes, voice, band):
    """Loss: the error of both estimates in decibels, and that of their compressed magnitudes.

    The phase is the mixture's. The masks sum to one, so that both estimates have the same error,
    and by Parseval's theorem the error of a spectrum is that of its samples.
    """
    over = (1, 2, 3)
    mixture = voice + band
    total = tf.abs(mixture) + 1e-8
    mask = tf.clip_by_value(magnitudes[..., 0] / total, 0.0, 1.0)  # but for rounding, it is one
    along = tf.math.real(voice * tf.math.conj(mixture))
    power = tf.stack([tf.reduce_sum(tf.abs(x) ** 2, over) for x in (voice, band)], axis=-1)
    both = tf.reduce_sum(power, axis=-1, keepdims=True)
    error = tf.square(mask * total) - 2 * mask * along + tf.square(tf.abs(voice))
    error = tf.nn.relu(tf.reduce_sum(error, over))[:, None]
    ratio = (error + 1e-3 * power + 3e-4 * both + 1e-3) / (power + 1e-2 * both + 1e-3)
    scale = tf.reduce_mean(tf.sqrt(total), over) + 1e-3
    compressed = [
        tf.abs(tf.sqrt(share + 1e-4) * tf.sqrt(total) - tf.sqrt(tf.abs(source) + 1e-4))
        for share, source in ((mask, voice), (1 - mask, band))
    ]
    distance = tf.reduce_mean(tf.add_n(compressed), over) / 2 / scale
    return tf.reduce_mean(10 / math.log(10) * tf.math.log(ratio)) + 10 * tf.reduce_mean(distance)


def next_batch(examples, size):
    return np.stack([next(examples) for _ in range(size)])


if __name__ == "__main__":
    main()
