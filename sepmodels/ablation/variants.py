"""`summarize_variants`: the improvement by each variant of a sweep."""

import numpy as np
import pandas as pd

from sepmodels.evaluation.statistics import bootstrap


def summarize_variants(table: pd.DataFrame) -> pd.DataFrame:
    """Summarize each variant of a sweep: mean SDRi over songs, sources and seeds, with interval.

    Args:
        table: pandas.DataFrame. From `sepmodels.sweep`.

    Returns:
        pandas.DataFrame. Indexed by the columns of the grid; columns `SDRi` (SDR minus that of the
        mixture, in dB), `low` and `high` (95 % interval over the songs, in dB; a song counts once,
        whatever its seeds and sources), `seed_deviation` (of the mean over the songs, in dB),
        `parameters`, `multiply_adds`, `receptive_field`, `seconds`.
    """
    grid = list(table.columns[: table.columns.get_loc("seed")])
    # As strings, because lists cannot be grouped.
    shown = table.assign(**{name: table[name].map(str) for name in grid})
    rows = []
    for values, part in shown.groupby(grid, sort=False):
        songs = part.groupby("track")["SDRi"].mean()
        low, high = bootstrap(songs.to_numpy(), statistic=np.mean)
        row = dict(zip(grid, values, strict=True)) | {"SDRi": songs.mean()}
        row |= {"low": low, "high": high}
        row["seed_deviation"] = part.groupby("seed")["SDRi"].mean().std()
        costs = ["parameters", "multiply_adds", "receptive_field", "seconds"]
        rows.append(row | part[costs].mean().to_dict())
    return pd.DataFrame(rows).set_index(grid)
