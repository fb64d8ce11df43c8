"""Train every system for a few minutes and score it: the figures of the README's table.

    python scripts/score_systems.py synthetic runs/systems              # each at most three minutes
    python scripts/score_systems.py MIR-1K-FOLDER runs/systems_mir1k    # each at most twenty

On the synthetic songs, every system is trained by its quick recipe, once for each seed, and scored
on unseen songs before and after the training. On MIR-1K, every separator is trained on the
training clips of the disjoint split and scored on its validation clips; the floor is the mixture
itself. Run it again after an interruption to resume it.
"""

import argparse
import json
import math
from pathlib import Path

import keras
import numpy as np
import pandas as pd

import sepmodels as sm

SEPARATORS = (
    "DILATED_CONV_GRU",
    "NC_WAVENET",
    "NC_WAVENET_POOLED",
    "NC_WAVENET_CONFUSED",
    "NC_WAVENET_STRIDED",
    "NC_WAVENET_SPECTRAL",
    "LLUIS_WAVENET",
    "WAVE_U_NET",
    "DEEP_CONV_SEP",
    "U_NET",
)
OTHERS = ("WAVENET", "MUSIC_TRANSLATION")  # which generate or translate music
# Epochs of the recipe that take at most twenty minutes on two CPU cores.
EPOCHS = {
    "DILATED_CONV_GRU": 3,
    "NC_WAVENET": 2,
    "NC_WAVENET_POOLED": 2,
    "NC_WAVENET_CONFUSED": 2,
    "NC_WAVENET_STRIDED": 2,
    "NC_WAVENET_SPECTRAL": 6,
    "LLUIS_WAVENET": 4,
    "WAVE_U_NET": 4,
    "DEEP_CONV_SEP": 10,
    "U_NET": 4,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", help="`synthetic`, or the root of MIR-1K")
    parser.add_argument("folder", type=Path, help="where to keep the trainings")
    parser.add_argument("--systems", nargs="+", choices=SEPARATORS + OTHERS)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each, if synthetic")
    parser.add_argument("--policy", default="float32", help="such as mixed_bfloat16")
    arguments = parser.parse_args()
    keras.config.set_dtype_policy(arguments.policy)
    systems = SEPARATORS + OTHERS if arguments.songs == "synthetic" else tuple(EPOCHS)
    rows = []
    for system in arguments.systems or systems:
        folder = arguments.folder / system.lower()
        if arguments.songs == "synthetic":
            rows += [on_synthetic(system, folder, seed) for seed in range(arguments.seeds)]
        else:
            rows.append(on_mir1k(system, folder, arguments.songs))
        table = pd.DataFrame(rows)
        table.to_csv(arguments.folder / "scores.csv", index=False)
    print(table.round(2).to_string(index=False))
    if arguments.songs == "synthetic":
        print(seed_noise(table).round(2).to_string())


def on_synthetic(system, folder, seed):
    recipe = sm.recipes.quick(getattr(sm.recipes, system)).vary(seed=seed)
    songs = sm.datasets.synthetic.load(8, seed=0)
    run = sm.train(recipe, songs, folder / f"seed_{seed}")
    return score(system, recipe, run, sm.datasets.synthetic.load(2, seed=1000))


def on_mir1k(system, folder, root):
    recipe = getattr(sm.recipes, system).vary(epochs=EPOCHS[system])
    clips = {split: in_memory(root, split) for split in ("train", "valid")}
    if "domains" in recipe.arguments:
        singers = {clip.domain for part in clips.values() for clip in part}
        recipe = recipe.vary(domains=tuple(sorted(singers)))
    run = sm.train(recipe, clips["train"], folder, clips["valid"])
    return score(system, recipe, run, clips["valid"])


def in_memory(root, split):
    """Load the clips, which are short, into memory. Their domain is the singer."""
    clips = []
    for track in sm.datasets.mir1k.load(root, split, protocol="disjoint"):
        track.domain, track.split = track.name.partition("_")[0], None
        clips.append(track.resample(track.sample_rate))
    return clips


def score(system, recipe, run, songs):
    """Score the system on unseen songs, before and after the training; kept beside the run."""
    kept = run.folder / "score.json"
    if not kept.exists():
        row = json.dumps(measure(system, recipe, run, songs), default=float)
        sm._files.write_atomically(kept, lambda path: path.write_text(row))
    return json.loads(kept.read_text())


def measure(system, recipe, run, songs):
    keras.utils.set_random_seed(recipe.seed)
    untrained = recipe.build()
    row = {
        "system": system,
        "seed": recipe.seed,
        "parameters": run.model.count_params(),
        "minutes": run.history["seconds"].sum() / 60,
    }
    if isinstance(untrained, sm.models.Separator):
        return row | decibels(untrained, run.model, songs)
    return row | bits(recipe, untrained, run.model, songs)


def decibels(untrained, trained, songs):
    """Mean SDR of whole songs over songs and sources."""
    before = sm.evaluation.evaluate_tracks(untrained, songs)
    after = sm.evaluation.evaluate_tracks(trained, songs)
    by_source = after.groupby("source", sort=False)
    return {
        "measure": "SDR, dB",
        "mixture": after["mixture"].mean(),
        "untrained": before["estimate"].mean(),
        "trained": after["estimate"].mean(),
        **{f"SDRi {source}": part["SDRi"].mean() for source, part in by_source},
        "SI-SDRi": after["SI-SDRi"].mean(),
    }


def bits(recipe, untrained, trained, songs):
    """Cross-entropy of the next sample; for the translation, the accuracy of the classifier too."""
    results = []
    for model in (untrained, trained):
        training_model = model.training_model(recipe.loss_on)
        recipe.compile(training_model)
        batches = sm.training.Batches(model, recipe, songs).cut()
        results.append(training_model.evaluate(batches, return_dict=True, verbose=0))
    before, after = results
    accuracies = {}
    if "domain_accuracy" in after:
        accuracies["domain accuracy"] = after["domain_accuracy"]
        accuracies["of a fresh classifier"] = classify_anew(
            trained, sm.datasets.synthetic.load(8), songs
        )
    return {
        "measure": "bits per sample",
        "untrained": before["loss"] / math.log(2),
        "trained": after["loss"] / math.log(2),
        **accuracies,
    }


def classify_anew(model, songs, exam):
    """The accuracy of a new domain classifier, trained on half seconds of fixed encodings.

    The encoder was not trained to confuse this classifier, so its accuracy shows what information
    the encodings contain.
    """
    known, domains = encodings(model, songs)
    unknown, answers = encodings(model, exam)
    centre, spread = known.mean(axis=(0, 1)), known.std(axis=(0, 1)) + 1e-6
    keras.utils.set_random_seed(0)
    fresh = sm.models.DomainClassifier(len(model.sources), model.latent_filters)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fresh.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"], jit_compile=False)
    fresh.fit((known - centre) / spread, domains, epochs=15, verbose=0)
    return fresh.evaluate((unknown - centre) / spread, answers, verbose=0)[1]


def encodings(model, songs):
    """Encodings of half seconds of all sources, `(n, 10, latent_filters)`, and their domains."""
    levels = sm.models.music_translation.compute_levels
    encode = model.get_layer("encoder")
    pieces, domains = [], []
    for song in songs:
        for domain, source in enumerate(model.sources):
            wave = song.stems[source]
            wave = wave[: len(wave) // (10 * model.pooling) * 10 * model.pooling]
            latents = np.reshape(encode(levels(wave[None])), (-1, 10, model.latent_filters))
            pieces.append(latents)
            domains.append(np.full(len(latents), domain))
    return np.concatenate(pieces), np.concatenate(domains)


def seed_noise(table):
    """The gain by training: the mean, and the worst trained network less the best untrained one."""
    sign = table["measure"].map({"SDR, dB": 1, "bits per sample": -1})
    better = table[["untrained", "trained"]].mul(sign, axis=0)
    seeds = better.groupby(table["system"], sort=False)
    return pd.DataFrame(
        {
            "gain": seeds["trained"].mean() - seeds["untrained"].mean(),
            "at least": seeds["trained"].min() - seeds["untrained"].max(),
            "deviation of the trained": seeds["trained"].std(),
        }
    )


if __name__ == "__main__":
    main()
