"""Train every system for a few minutes and score it: the figures of the README's table.

    python data/score_systems.py synthetic runs/systems              # each at most three minutes
    python data/score_systems.py MIR-1K-FOLDER runs/systems_mir1k    # each at most twenty

On the synthetic songs every system learns by its quick recipe, once for each seed, and is scored
on songs that it never heard, before and after. On MIR-1K every separator learns on the training
clips of the disjoint split and is scored on its validation clips; the floor is the mixture itself.
Run it again to go on after an interruption.
"""

import argparse
from pathlib import Path

import keras
import pandas as pd

import sepmodels as sm

SYSTEMS = ("DILATED_CONV_GRU", "NC_WAVENET", "WAVE_U_NET", "DEEP_CONV_SEP")
# Epochs of the recipe that fit into twenty minutes on two CPU cores.
EPOCHS = {"DILATED_CONV_GRU": 6, "NC_WAVENET": 3, "WAVE_U_NET": 4, "DEEP_CONV_SEP": 20}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", help="`synthetic`, or the root of MIR-1K")
    parser.add_argument("folder", type=Path, help="where to keep the trainings")
    parser.add_argument("--systems", nargs="+", default=SYSTEMS, choices=SYSTEMS)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each, if synthetic")
    arguments = parser.parse_args()
    rows = []
    for system in arguments.systems:
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
    return score(system, recipe, run, sm.datasets.synthetic.load(2, seed=1000)) | {"seed": seed}


def on_mir1k(system, folder, root):
    recipe = getattr(sm.recipes, system).vary(epochs=EPOCHS[system])
    clips = {split: in_memory(root, split) for split in ("train", "valid")}
    run = sm.train(recipe, clips["train"], folder, clips["valid"])
    return score(system, recipe, run, clips["valid"])


def in_memory(root, split):
    """The clips are short, and compressed files are slow to seek in."""
    return [
        sm.datasets.Track.from_arrays(
            track.name, dict(track.stems), track.sample_rate, group=track.group
        )
        for track in sm.datasets.mir1k.load(root, split, protocol="disjoint")
    ]


def score(system, recipe, run, songs):
    """Mean SDR over songs and sources, in dB, whole songs."""
    keras.utils.set_random_seed(recipe.seed)
    untrained = recipe.build()
    before = sm.evaluation.evaluate_tracks(untrained, songs)
    after = sm.evaluation.evaluate_tracks(run.model, songs)
    by_source = after.groupby("source", sort=False)
    return {
        "system": system,
        "parameters": run.model.count_params(),
        "minutes": run.history["seconds"].sum() / 60,
        "mixture": after["mixture"].mean(),
        "untrained": before["estimate"].mean(),
        "trained": after["estimate"].mean(),
        **{f"SDRi {source}": part["SDRi"].mean() for source, part in by_source},
        "SI-SDRi": after["SI-SDRi"].mean(),
    }


def seed_noise(table):
    """The gain over the untrained state against how much it varies from seed to seed."""
    gain = (table["trained"] - table["untrained"]).groupby(table["system"], sort=False)
    return pd.DataFrame({"gain": gain.mean(), "worst": gain.min(), "deviation": gain.std()})


if __name__ == "__main__":
    main()
