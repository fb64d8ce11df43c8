"""Measure what the dilated GRU contributes on real songs, and write data/recurrence.csv.

    python scripts/ablate_recurrence.py MIR-1K runs/recurrence

MIR-1K is its root. Every network has about the same number of weights and is trained on the
singers of the disjoint split for the same number of steps, with three seeds; it is scored on clips
of other singers. At the end the training step of all networks is timed in turns. Run it again
after an interruption to resume it, and on an idle machine to time it again.
"""

import argparse
import statistics
import time
from pathlib import Path

import pandas as pd

import sepmodels as sm

TABLE = Path(__file__).parents[1] / "data" / "recurrence.csv"
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
    arguments = parser.parse_args()
    tracks, validation = (
        sm.datasets.mir1k.load(arguments.mir1k, split, protocol="disjoint")
        for split in ("train", "valid")
    )
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
        tables.append(table.drop(columns=list(grid)).assign(variant=name))
        print(tables[-1].groupby(["variant", "seed", "source"])["SDRi"].mean().unstack())
    board = pd.concat(tables, ignore_index=True)
    board["seconds"] = board["steps"] * board["variant"].map(time_steps(tracks))
    columns = ["variant", "seed", "parameters", "multiply_adds", "receptive_field", "seconds"]
    board[[*columns, "track", "source", "SDR", "SDRi"]].round(3).to_csv(TABLE, index=False)


def time_steps(tracks, rounds=15):
    """The seconds of a training step of each network: medians, measured in turns."""
    trainings = {}
    for name, change in VARIANTS.items():
        recipe = RECIPE.vary(**change)
        model = recipe.build()
        training_model = model.training_model(recipe.loss_on)
        recipe.compile(training_model)
        batches = sm.training.Batches(model, recipe, tracks[:20])
        trainings[name] = training_model, next(iter(batches.draw()))
    seconds = {name: [] for name in VARIANTS}
    for turn in range(rounds + 1):
        for name, (training_model, batch) in trainings.items():
            start = time.perf_counter()
            training_model.train_on_batch(*batch)
            if turn:  # the first traces the graph
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


if __name__ == "__main__":
    main()
