"""Scores of many songs: those that a model separates here, one by one."""

import pandas as pd

from sepmodels.evaluation.song import MEDIAN, WHOLE, evaluate, summarize
from sepmodels.separation.whole_songs import separate


def evaluate_tracks(model, tracks, *, over="song", **options):
    """Separate and score many songs or clips: one row for each track and source.

    Args:
        model: `models.Separator`. What to score.
        tracks: iterable of `Track`. With the sources of the model.
        over: str. `"song"`: one ratio over each track, the right one for clips of a few seconds;
            `"windows"`: the median over its seconds, the one of MUSDB18. Defaults to `"song"`.
        **options: Passed to `separate`.

    Returns:
        pandas.DataFrame. Columns `track`, `source` and those of `summarize`.
        `board.groupby("source")["SDRi"].mean()` is the mean improvement per clip. A track without
        a score (`silent` is not 0) is left out of such a mean, so look at `silent` first.

    Raises:
        ValueError: if there are no tracks, or a track cannot be scored (the message names it).

    Example:

    ```python
    board = sm.evaluation.evaluate_tracks(model, sm.datasets.mir1k.load(folder, split="valid"))
    board.groupby("source")[["mixture", "estimate", "oracle", "SDRi", "share"]].mean()
    ```
    """
    if over not in ("song", "windows"):
        raise ValueError(f'over must be "song" or "windows". Received over={over!r}.')
    aggregate = WHOLE if over == "song" else MEDIAN
    rows = []
    for track in tracks:
        mixture = track.mixture
        stems = separate(model, mixture, track.sample_rate, **{"progress": False, **options})
        try:
            table = evaluate(stems, track.stems, track.sample_rate, mixture=mixture)
        except ValueError as error:
            raise ValueError(f"Track {track.name!r} cannot be scored: {error}") from error
        lines = summarize(table).xs(aggregate, level="aggregate").reset_index()
        lines.insert(0, "track", track.name)
        rows.append(lines)
    if not rows:
        raise ValueError("tracks is empty: there is nothing to score. Was the right folder loaded?")
    return pd.concat(rows, ignore_index=True)
