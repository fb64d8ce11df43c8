"""Train every system for a few minutes and score it: the figures of the README's table.

    python scripts/score_systems.py synthetic runs/systems              # each at most three minutes
    python scripts/score_systems.py MIR-1K-FOLDER runs/systems_mir1k    # each at most twenty

On the synthetic songs every system learns by its quick recipe, once for each seed, and is scored
on songs that it never heard, before and after. On MIR-1K every separator learns on the training
clips of the disjoint split and is scored on its validation clips; the floor is the mixture itself.
Run it again to go on after an interruption.
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
)
OTHERS = ("WAVENET", "MUSIC_TRANSLATION")  # they write music, and separate none
# Epochs of the recipe that fit into twenty minutes on two CPU cores.
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
    """The clips are short, and compressed files are slow to seek in. Their domain is the singer."""
    clips = []
    for track in sm.datasets.mir1k.load(root, split, protocol="disjoint"):
        labels = {"group": track.group, "domain": track.name.partition("_")[0]}
        stems = dict(track.stems)
        clips.append(sm.datasets.Track.from_arrays(track.name, stems, track.sample_rate, **labels))
    return clips


def score(system, recipe, run, songs):
    """What the system says of songs that it never heard, before and after; kept beside the run."""
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
    """Mean SDR over songs and sources, whole songs."""
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
    """Cross-entropy of the next sample; for the translation how well domains are told, too."""
    results = []
    for model in (untrained, trained):
        training_model = model.training_model(recipe.loss_on)
        recipe.compile(training_model)
        songs_as_examples = sm.training.excerpts(model, recipe, songs)
        results.append(training_model.evaluate(songs_as_examples, return_dict=True, verbose=0))
    before, after = results
    told = {}
    if "domain_accuracy" in after:
        told["domain accuracy"] = after["domain_accuracy"]
        told["of a fresh classifier"] = told_anew(trained, sm.datasets.synthetic.load(8), songs)
    return {
        "measure": "bits per sample",
        "untrained": before["loss"] / math.log(2),
        "trained": after["loss"] / math.log(2),
        **told,
    }


def told_anew(model, songs, exam):
    """How often a classifier tells the domain of half a second that learns while the encoder rests.

    Nobody confuses this one: what it tells, the encodings hold.
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
    """Half seconds `(n, 10, latent_filters)` of the sources of all songs, and their domains."""
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
    """What training gains, at least: the worst trained network against the best untrained one."""
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
