"""`sweep`: one training in many variants, scored in one table."""

import dataclasses
import hashlib
import itertools
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import pandas as pd

from sepmodels import _checks, _files
from sepmodels.ablation.macs import count_macs
from sepmodels.datasets.track import Track
from sepmodels.evaluation.tracks import evaluate_tracks
from sepmodels.training.loop import hold_out, train
from sepmodels.training.recipe import Recipe

_TRIAL = 8  # steps with which the speed of a training is measured
_UNITS = {"steps": 1, "s": 1, "min": 60, "h": 3600}


def sweep(
    recipe: Recipe,
    grid: Mapping[str, Iterable],
    tracks: Sequence[Track],
    folder: str | os.PathLike,
    budget: str | None = None,
    *,
    validation: Sequence[Track] | None = None,
    seeds: int = 1,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Train a recipe in all variants of a grid and score each, with an equal budget for all.

    A call after an interrupted one resumes it; finished runs are only read. A run is identified by
    everything that decides it (recipe, tracks, budget), so a grid may grow, and nothing is trained
    twice.

    Args:
        recipe: `Recipe`. What all variants share.
        grid: dict from name to list of values: fields of the recipe or arguments of its model, in
            all combinations.
        tracks: list of `Track`.
        folder: path. Where to keep the runs and `table.csv`; made if missing.
        budget: str. What each training may use: `"300 steps"`, or a time as in `"5 min"`, `"90 s"`
            or `"1 h"`. A time is converted to a number of steps, at least one, by the speed of a
            few steps on this machine before the training; a resumed run keeps the number.
            Defaults to `None`: the recipe's epochs.
        validation: list of `Track`, on which the best epoch is chosen and the model scored.
            Defaults to `None`: as in `train`.
        seeds: int. How often each variant is trained, with the recipe's seed and those after it.
            Defaults to `1`.
        executor: `concurrent.futures.Executor`, or an object with its methods, such as Dask's
            `Client.get_executor()`: trains several variants at once. Processes must be spawned;
            TensorFlow does not survive a fork. Defaults to `None`: one after the other.

    Returns:
        pandas.DataFrame. One row for each variant, seed, song and source: the columns of the grid,
        `seed`, `parameters`, `multiply_adds` (for a second of sound), `receptive_field` (samples,
        NaN where a recurrence makes it unbounded), `steps`, `seconds`, `track`, `source`, `SDR`,
        `SDRi`. `variants.summarize_variants` and `display.plot_ablation` sum it up.

    Raises:
        ValueError: the grid is empty, the budget cannot be read, or `seeds` is below 1.

    Example:

    >>> import tempfile
    >>> tracks = sm.datasets.synthetic.load(2, seconds=1.0)
    >>> recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)
    >>> recipe = recipe.vary(filters=4, groups=1, dilations=(1,), segment=0.5, batch_size=1)
    >>> grid = {"gru_dilation": [None, 2]}
    >>> board = sm.sweep(recipe, grid, tracks, tempfile.mkdtemp(), "1 steps")
    >>> board[["gru_dilation", "source"]].values.tolist()
    [[None, 'vocals'], [None, 'accompaniment'], [2, 'vocals'], [2, 'accompaniment']]
    """
    given = grid and all(grid.values())
    _checks.require(given, "grid must name at least one value for each entry", grid=grid)
    _checks.at_least(1, seeds=seeds)
    if validation is None:
        tracks, validation = hold_out(tracks)
    amount = None if budget is None else _parse_budget(budget)
    folder = Path(folder)
    jobs = []
    for values in itertools.product(*grid.values()):
        variant = dict(zip(grid, values, strict=True))
        for seed in range(recipe.seed, recipe.seed + seeds):
            named = recipe.vary(**variant, seed=seed)
            runs = folder / _identify(named, tracks, validation, budget)
            jobs.append(({**variant, "seed": seed}, (named, tracks, validation, runs, amount)))
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
        _files.write_atomically(folder / "table.csv", partial(table.to_csv, index=False))
    return table


def _run(recipe, tracks, validation, folder, amount):
    """Train and score one variant, or read its scores."""
    scores = folder / "scores.csv"
    if not scores.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if amount is not None:
            recipe = _fit_budget(amount, recipe, tracks, validation, folder / "steps.json")
        run = train(recipe, tracks, folder, validation, progress=False)
        board = evaluate_tracks(run.model, validation)
        context = run.model.context
        costs = {
            "parameters": run.model.count_params(),
            "multiply_adds": count_macs(run.model),
            "receptive_field": float("nan") if None in context else sum(context) + 1,
            "steps": len(run.history) * recipe.steps_per_epoch,
            "seconds": run.history["seconds"].sum(),
        }
        named = board.rename(columns={"estimate": "SDR"})[["track", "source", "SDR", "SDRi"]]
        table = named.assign(**costs)[[*costs, *named]]
        _files.write_atomically(scores, partial(table.to_csv, index=False))
    return pd.read_csv(scores)


def _fit_budget(amount, recipe, tracks, validation, note):
    """The recipe with as many steps as the budget allows, which are kept in the file `note`."""
    if not note.exists():
        steps, timed = amount
        if timed:
            trial = recipe.vary(steps_per_epoch=_TRIAL, epochs=2, then=None)
            with tempfile.TemporaryDirectory() as trials:
                epochs = train(trial, tracks, trials, validation[:1], progress=False).history
            steps = steps * _TRIAL / epochs["seconds"].iloc[-1]  # the first also traces the graph
        _files.write_atomically(note, lambda path: path.write_text(json.dumps(max(1, int(steps)))))
    steps = json.loads(note.read_text())
    each = min(recipe.steps_per_epoch, steps)
    return dataclasses.replace(recipe, steps_per_epoch=each, epochs=max(1, steps // each))


def _parse_budget(budget):
    """Read `"5 min"` as `(300, True)` for seconds; `"300 steps"` as `(300, False)`."""
    match = re.fullmatch(r"(\d+\.?\d*)\s*(steps|s|min|h)", str(budget))
    rule = "budget must be a number above 0 with the unit steps, s, min or h, such as '5 min'"
    _checks.require(match and float(match[1]) > 0, rule, budget=budget)
    return float(match[1]) * _UNITS[match[2]], match[2] != "steps"


def _identify(recipe, tracks, validation, budget):
    whole = [
        dataclasses.asdict(recipe),
        [track.name for track in tracks],
        [track.name for track in validation],
        budget,
    ]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]
