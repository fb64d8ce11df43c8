"""Train the weights that ship with the project.

    python scripts/backing_music.py data/backing_music
    python scripts/sung_voices.py data/sung_voices
    python scripts/train_pretrained.py \
        MIR-1K STUDIO data/backing_music data/sung_voices runs/pretrained

MIR-1K is its root. STUDIO is the album *Everything is Free*: `vocals.ogg` and `accompaniment.ogg`
in a folder for each song. Run it again after an interruption to resume it. It needs 5 GB of memory.

Two trainings of a mono network: on the clips of MIR-1K, and again on copies of them at other rates,
which are other singers. Then trainings with mid and side, on examples of many voices and studios
(`pretrained_examples.py`). Each is better at some of the music, so each of these begins with
the first weights plus a share of what every training since then has changed, and so do the weights
that ship. `pretrained_stages.json` holds all numbers.
"""

import argparse
import json
import math
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from pretrained_examples import SAMPLE_RATE, Examples, change_rate, load_corpora

import sepmodels as sm
from sepmodels import signal

STAGES = json.loads(Path(__file__).with_name("pretrained_stages.json").read_text())
CORPORA = ("mir1k", "studio", "backing", "sung")
PIECE = 12 * SAMPLE_RATE  # of a studio song, for the mono network
SAVE_EVERY = 50  # steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("studio", type=Path, help="the songs of Everything is Free")
    parser.add_argument("backing", type=Path, help="the folder that backing_music.py wrote")
    parser.add_argument("sung", type=Path, help="the folder that sung_voices.py wrote")
    parser.add_argument("folder", type=Path, help="folder of the training")
    arguments = parser.parse_args()

    corpora = load_corpora(*(getattr(arguments, name) for name in CORPORA))
    clips = sm.datasets.mir1k.load(arguments.mir1k, "valid", protocol="disjoint")
    validation = [clip.resample(SAMPLE_RATE) for clip in clips]
    networks = train_mono(corpora, validation, arguments.folder)
    model = train_stereo(*networks, corpora, arguments.folder)
    save_rounded(model, arguments.folder / "dilated_conv_gru.keras")


# === Mono ===


def train_mono(corpora, validation, folder):
    """Train on the clips, then on copies at other rates, and return both networks."""
    options = {"validation": validation, "backing": corpora.music}
    recipe = sm.recipes.DILATED_CONV_GRU.vary(**STAGES["mono"])
    first = sm.train(recipe, corpora.karaoke, folder / "mono", **options).model
    pieces = [*corpora.karaoke, *(piece for song in corpora.studio for piece in cut_song(song))]
    copies = [change_rate(piece, rate) for piece in pieces for rate in STAGES["rates"]]
    recipe = sm.recipes.DILATED_CONV_GRU.vary(**STAGES["singers"])
    return first, sm.train(recipe, copies, folder / "singers", initial=first, **options).model


def cut_song(song):
    """Yield the pieces of a stereo song in which a voice sounds, in mono."""
    for start in range(0, song.length - PIECE, PIECE):
        stems = song.read(start, start + PIECE)
        stems = {source: stem.mean(axis=1, keepdims=True) for source, stem in stems.items()}
        if np.sqrt(np.mean(stems["vocals"] ** 2)) > 0.01:
            name = f"{song.name} {start}"
            yield sm.datasets.Track.from_arrays(name, stems, song.sample_rate, group=song.group)


# === Stereo ===


def train_stereo(first, singers, corpora, folder):
    """Train with mid and side, beginning with two mono networks, and return the last sum."""
    recipe = sm.recipes.DILATED_CONV_GRU_STEREO
    keras.utils.set_random_seed(recipe.seed)
    model = recipe.build()
    mixtures = [next_batch(Examples(corpora, recipe.segment, 99), 8).sum(-1) for _ in range(8)]
    model.adapt(signal.decode_mid_side(np.concatenate(mixtures)))
    start_from(singers, model)
    others = get_weights(model)
    start_from(first, model)
    start = get_weights(model)
    new = [find_new(v.path, v.shape) for v in model.trainable_variables]
    changes = {"singers": [(b - a) * ~n for a, b, n in zip(start, others, new, strict=True)]}

    def assign_sum(shares):
        for index, variable in enumerate(model.trainable_variables):
            value = start[index]
            for name, (share, share_of_new) in shares.items():
                value = value + np.where(new[index], share_of_new, share) * changes[name][index]
            variable.assign(value)

    for name, plan in STAGES["stereo"].items():
        assign_sum(plan["begin"])
        begin = get_weights(model)
        stage = Stage(model, recipe.vary(**plan.get("recipe", {})), plan, folder / name)
        stage.run(corpora)
        changes[name] = [mean - old for mean, old in zip(stage.mean, begin, strict=True)]
    assign_sum(STAGES["shipped"])
    return model


def get_weights(model):
    return [variable.numpy() for variable in model.trainable_variables]


def find_new(path, shape):
    """Find the weights that the mono network does not have: of the side and of the refinement."""
    new = np.full(shape, "refine" in path)
    if path.startswith("stem") and new.ndim == 3:
        new[:, 1::2] = True
    elif path.startswith("head"):
        new.reshape(*shape[:-1], -1, 2, 2)[..., 1, :] = True
    return new


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


class Stage:
    """One training with mid and side, which resumes from its folder.

    Attributes:
        mean: list of `tf.Variable`. The weights that it results in: the mean of the moving averages
            of the trained weights, taken every `SAVE_EVERY` steps from a step of the plan on.
    """

    def __init__(self, model, recipe, plan, folder):
        self.estimator = keras.Model(model.input, model.training_model("magnitude").output)
        self.model, self.recipe, self.plan = model, recipe, plan
        self.variables = model.trainable_variables
        self.average = [tf.Variable(variable) for variable in self.variables]
        self.mean = [tf.Variable(tf.zeros_like(variable)) for variable in self.variables]
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=STAGES["weight_decay"], global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "/g"])
        self.optimizer.build(self.variables)
        self.step, self.means = tf.Variable(0), tf.Variable(0.0)
        state = {name: getattr(self, name) for name in ("model", "optimizer", "average", "mean")}
        state = tf.train.Checkpoint(**state, step=self.step, means=self.means)
        self.states = tf.train.CheckpointManager(state, str(folder), max_to_keep=1)
        if self.states.latest_checkpoint:
            state.restore(self.states.latest_checkpoint)

    def run(self, corpora):
        recipe, rates = self.recipe, np.array(self.plan["learning_rates"])
        for phase in self.plan["phases"]:
            done = int(self.step)
            form = {name: phase[name] for name in ("karaoke", "sung")} | self.plan["examples"]
            examples = Examples(corpora, recipe.segment, (recipe.seed, done), **form)
            for step in range(done + 1, phase["until"] + 1):
                self.optimizer.learning_rate.assign(np.interp(step - 1, *rates.T))
                decay = min(phase["moving_average"], (step + 1) / (step + 10))
                batch = tf.constant(next_batch(examples, recipe.batch_size))
                loss = self.update(batch, tf.constant(decay, "float32"))
                self.step.assign(step)
                if step % SAVE_EVERY == 0 or step == phase["until"]:
                    if step >= self.plan["mean_from"]:
                        self.add_to_mean()
                    print(f"step {step}: loss {float(loss):.3f}", flush=True)
                    self.states.save()

    def add_to_mean(self):
        self.means.assign_add(1.0)
        for mean, average in zip(self.mean, self.average, strict=True):
            mean.assign_add((average - mean) / self.means)

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
