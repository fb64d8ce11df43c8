"""`sweep`: the same training with one thing changed, many times, in one table."""

import dataclasses
import hashlib
import itertools
import json
import tempfile
from pathlib import Path

import pandas as pd

from sepmodels import _files
from sepmodels.ablation.macs import count_macs
from sepmodels.evaluation.tracks import evaluate_tracks
from sepmodels.training.loop import hold_out, train

_TRIAL = 8  # steps on which the pace of a training is measured
_UNITS = {"steps": 1, "s": 1, "min": 60, "h": 3600}


def sweep(recipe, grid, songs, folder, budget=None, *, validation=None, seeds=1, executor=None):
    """Train a recipe in all variants of a grid and score each, with an equal budget for all.

    Call it again to go on after an interruption: what is finished is only read. A run is known by
    all that decides it (recipe, songs, budget), so a grid may grow, and nothing is trained twice.

    Args:
        recipe: `Recipe`. What all variants share.
        grid: dict from name to list of values: fields of the recipe or arguments of its model, in
            all combinations.
        songs: list of `Track`.
        folder: path. Where to keep the runs and `table.csv`; made if missing.
        budget: str. What each training may use: `"300 steps"`, or a time as in `"5 min"`, `"90 s"`
            or `"1 h"`. A time is turned into steps by the pace of a few steps on this machine
            before the training, once and for all; at least one. Defaults to `None`: the recipe's
            epochs.
        validation: list of `Track`, to choose the best epoch on and to score. Defaults to `None`:
            as in `train`.
        seeds: int. How often each variant is trained, with the recipe's seed and those after it.
            Defaults to `1`.
        executor: `concurrent.futures.Executor`, or what behaves like one, such as Dask's
            `Client.get_executor()`: trains several variants at once. Processes must be spawned,
            TensorFlow does not survive a fork. Defaults to `None`: one after the other.

    Returns:
        pandas.DataFrame. One row for each variant, seed, song and source: the columns of the grid,
        `seed`, `parameters`, `multiply_adds` (for a second of sound), `receptive_field` (samples,
        NaN where a recurrence hears everything), `steps`, `seconds`, `track`, `source`, `SDR`,
        `SDRi`. `variants.summarize_variants` and `display.plot_ablation` sum it up.

    Raises:
        ValueError: if the grid is empty, the budget cannot be read, or `seeds` is below 1.

    Example:

    >>> import tempfile
    >>> songs = sm.datasets.synthetic.load(2, seconds=1.0)
    >>> recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)
    >>> recipe = recipe.vary(filters=4, groups=1, dilations=(1,), segment=0.5, batch_size=1)
    >>> grid = {"gru_dilation": [None, 2]}
    >>> board = sm.sweep(recipe, grid, songs, tempfile.mkdtemp(), "1 steps")
    >>> board[["gru_dilation", "source"]].values.tolist()
    [[None, 'vocals'], [None, 'accompaniment'], [2, 'vocals'], [2, 'accompaniment']]
    """
    if not grid or not all(grid.values()):
        raise ValueError(f"grid must name at least one value for each entry. Received: grid={grid}")
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1. Received: seeds={seeds}")
    if validation is None:
        songs, validation = hold_out(songs)
    amount = None if budget is None else _amount(budget)
    folder = Path(folder)
    jobs = []
    for values in itertools.product(*grid.values()):
        variant = dict(zip(grid, values, strict=True))
        for seed in range(recipe.seed, recipe.seed + seeds):
            named = recipe.vary(**variant, seed=seed)
            place = folder / _key(named, songs, validation, budget)
            jobs.append(({**variant, "seed": seed}, (named, songs, validation, place, amount)))
    if executor is None:
        results = (_run(*job) for _, job in jobs)
    else:
        futures = [executor.submit(_run, *job) for _, job in jobs]
        results = (future.result() for future in futures)
    tables = []
    for (variant, _), result in zip(jobs, results, strict=True):
        columns = {name: [value] * len(result) for name, value in variant.items()}
        tables.append(pd.concat([pd.DataFrame(columns), result], axis=1))
        table = pd.concat(tables, ignore_index=True)
        table.to_csv(folder / "table.csv", index=False)
    return table


def _run(recipe, songs, validation, folder, amount):
    """Trains and scores one variant, or reads what it once gave."""
    scores = folder / "scores.csv"
    if not scores.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if amount is not None:
            recipe = _within(amount, recipe, songs, validation, folder / "steps.json")
        run = train(recipe, songs, folder, validation, progress=False)
        board = evaluate_tracks(run.model, validation)
        reach = run.model.context
        costs = {
            "parameters": run.model.count_params(),
            "multiply_adds": count_macs(run.model),
            "receptive_field": float("nan") if None in reach else sum(reach) + 1,
            "steps": len(run.history) * recipe.steps_per_epoch,
            "seconds": run.history["seconds"].sum(),
        }
        named = board.rename(columns={"estimate": "SDR"})[["track", "source", "SDR", "SDRi"]]
        table = named.assign(**costs)[[*costs, *named]]
        _files.write_atomically(scores, lambda path: table.to_csv(path, index=False))
    return pd.read_csv(scores)


def _within(amount, recipe, songs, validation, note):
    """The recipe with as many steps as the budget holds; written down, to resume with the same."""
    if not note.exists():
        number, seconds = amount
        steps = number
        if seconds:
            trial = recipe.vary(steps_per_epoch=_TRIAL, epochs=2, then=None)
            with tempfile.TemporaryDirectory() as place:
                pace = train(trial, songs, place, validation[:1], progress=False).history["seconds"]
            steps = int(number * _TRIAL / pace.iloc[-1])  # the first epoch also builds the graph
        _files.write_atomically(note, lambda path: path.write_text(json.dumps(max(1, int(steps)))))
    steps = json.loads(note.read_text())
    each = min(recipe.steps_per_epoch, steps)
    return dataclasses.replace(recipe, steps_per_epoch=each, epochs=max(1, steps // each))


def _amount(budget):
    """`"5 min"` as `(300, True)` for seconds; `"300 steps"` as `(300, False)`."""
    number = "".join(itertools.takewhile(lambda sign: sign in "0123456789.", str(budget)))
    unit = str(budget)[len(number) :].strip()
    if not number or unit not in _UNITS or float(number) <= 0:
        raise ValueError(
            f"budget must be a number above 0 with one of the units {(*_UNITS,)}, such as '5 min'. "
            f"Received: budget={budget!r}"
        )
    return float(number) * _UNITS[unit], unit != "steps"


def _key(recipe, songs, validation, budget):
    whole = [
        dataclasses.asdict(recipe),
        [song.name for song in songs],
        [song.name for song in validation],
        budget,
    ]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]
