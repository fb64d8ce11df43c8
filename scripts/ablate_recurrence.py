"""Measure what the dilated GRU contributes on real songs: the table of notebook 40.

    python scripts/ablate_recurrence.py MIR-1K runs/recurrence          # writes data/recurrence.csv
    python scripts/ablate_recurrence.py MIR-1K runs/recurrence --time   # and data/recurrence_time.csv

MIR-1K is its root. Every network has about the same number of weights and is trained on the
singers of the disjoint split for the same number of steps, with three seeds; it is scored on clips
of other singers. Run it again after an interruption to resume it. `--time` measures the training
step of all networks in turns; do it on an idle machine.
"""

import argparse
import time
from pathlib import Path

import pandas as pd
import tensorflow as tf

import sepmodels as sm

DATA = Path(__file__).parents[1] / "data"
STEPS, SEEDS = 400, 3
RECIPE = sm.recipes.DILATED_CONV_GRU.vary(filters=96, segment=2.0, batch_size=8)
RECIPE = RECIPE.vary(steps_per_epoch=100, learning_rate=2e-3)

# The convolutions alone need twice as many blocks to cover a segment as the others do.
VARIANTS = {
    "convolutions alone": {
        "gru_dilation": None,
        "dilations": (1, 2, 4, 8, 16, 32, 64, 128),
        "filters": 160,
    },
    "GRU": {"gru_dilation": 1},
    "dilated GRU, k = 2": {"gru_dilation": 2},
    "dilated GRU, k = 4": {"gru_dilation": 4},
    "dilated GRU, k = 8": {"gru_dilation": 8},
    "dilated GRU, k = 1, 2, 4, 8": {"gru_dilation": (1, 2, 4, 8)},
    "the same, one direction": {
        "gru_dilation": (1, 2, 4, 8),
        "bidirectional": False,
        "filters": 120,
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mir1k", type=Path, help="root of MIR-1K")
    parser.add_argument("folder", type=Path, help="folder of the trainings")
    parser.add_argument("--time", action="store_true", help="measure the training steps alone")
    arguments = parser.parse_args()
    tracks, validation = (
        sm.datasets.mir1k.load(arguments.mir1k, split, protocol="disjoint")
        for split in ("train", "valid")
    )
    if arguments.time:
        measure_steps(tracks).to_csv(DATA / "recurrence_time.csv", index=False)
        return
    tables = []
    for name, change in VARIANTS.items():
        grid = {key: [value] for key, value in change.items()}
        table = sm.sweep(
            RECIPE,
            grid,
            tracks,
            arguments.folder / name,
            f"{STEPS} steps",
            validation=validation[::4],
            seeds=SEEDS,
        )
        columns = ["seed", "parameters", "multiply_adds", "steps", "track", "source", "SDR", "SDRi"]
        tables.append(table[columns].assign(variant=name).round(3))
        print(tables[-1].groupby(["variant", "seed", "source"])["SDRi"].mean().unstack())
    board = pd.concat(tables, ignore_index=True)
    board = board[["variant", *board.columns.drop("variant")]]
    board.to_csv(DATA / "recurrence.csv", index=False)


def measure_steps(tracks, rounds=15):
    """The seconds of a training step of each network: medians, measured in turns."""
    trainings = {}
    for name, change in VARIANTS.items():
        recipe = RECIPE.vary(**change)
        model = recipe.build()
        training_model = model.training_model(recipe.loss_on)
        recipe.compile(training_model)
        batches = sm.training.Batches(model, recipe, tracks[:20])
        trainings[name] = (
            training_model,
            tf.nest.map_structure(tf.identity, next(iter(batches.draw(0)))),
        )
    seconds = {name: [] for name in VARIANTS}
    for turn in range(rounds + 1):
        for name, (training_model, batch) in trainings.items():
            start = time.perf_counter()
            training_model.train_on_batch(*batch)
            if turn:  # the first traces the graph
                seconds[name].append(time.perf_counter() - start)
    return pd.DataFrame(seconds).median().rename_axis("variant").rename("seconds").reset_index()


if __name__ == "__main__":
    main()
