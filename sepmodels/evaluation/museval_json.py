"""Scores in the file format of museval, in which the results of SiSEC 2018 are published too."""

import json
import os
import pathlib

import numpy as np
import pandas as pd

from sepmodels import _files
from sepmodels.datasets.corpora import song_folders

_MUSEVAL = "0.4.1"  # the version whose scores these equal
_MALFORMED = (LookupError, TypeError, AttributeError, RecursionError)
_MEASURES = ("SDR", "SIR", "SAR", "ISR")


def write(path: str | os.PathLike, table: pd.DataFrame, window: float = 1.0) -> None:
    """Write the scores of one track as museval does.

    As in museval, values are rounded to five decimals, and infinite ones become NaN.

    Args:
        path: str or Path. The file, `<track>.json`. Folders are made.
        table: pandas.DataFrame. From `evaluate(..., full=True)`; of its rows, the windows of the
            estimate are written.
        window: float. Length of a window, in seconds. Defaults to `1.0`.

    Raises:
        ValueError: if the table lacks ISR, SIR or SAR.

    Example:

    >>> import pandas as pd
    >>> row = {"source": "vocals", "second": 0.0, "SDR": 6.0, "SIR": 14.0, "SAR": 7.0, "ISR": 11.0}
    >>> sm.evaluation.museval_json.write("scores/test/song.json", pd.DataFrame([row]))
    >>> sm.evaluation.museval_json.read("scores/test/song.json")["SDR"].tolist()
    [6.0]
    """
    missing = [measure for measure in _MEASURES if measure not in table]
    if missing:
        raise ValueError(f"The table has no {missing}: compute it with evaluate(..., full=True).")
    if "scope" in table:
        table = table[(table["scope"] == "window") & (table["system"] == "estimate")]
    targets = []
    for source, rows in table.groupby("source", sort=False):
        frames = [
            {
                "time": row["second"],
                "duration": window,
                "metrics": {name: _number(row[name]) for name in _MEASURES},
            }
            for row in rows.to_dict("records")
        ]
        targets.append({"name": source, "frames": frames})
    text = json.dumps({"targets": targets, "museval_version": _MUSEVAL}, indent=2)
    _files.write_atomically(path, lambda part: part.write_text(text))


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read the scores of one track, by museval or by `write`.

    Args:
        path: str or Path. The file.

    Returns:
        pandas.DataFrame. One row per source and window; columns `track` (the name of the file),
        `source`, `second`, `SDR`, `SIR`, `SAR`, `ISR`.

    Raises:
        ValueError: if the file is not of museval's form.

    Example:

    ```python
    sm.evaluation.museval_json.read("scores/museval/song.json").groupby("source")["SDR"].median()
    ```
    """
    path = pathlib.Path(path)
    try:
        rows = [
            {
                "track": path.stem,
                "source": _read_name(target),
                "second": _read_number(frame["time"]),
            }
            | {name: _read_number(frame["metrics"].get(name)) for name in _MEASURES}
            for target in json.loads(path.read_text(encoding="utf-8"))["targets"]
            for frame in target["frames"]
        ]
    except (*_MALFORMED, ValueError) as error:
        raise ValueError(
            f"{path} does not hold scores in museval's form ({error!r}); pass a file that museval "
            "or evaluate_folders wrote"
        ) from error
    return pd.DataFrame(rows, columns=["track", "source", "second", *_MEASURES])


def read_folder(folder: str | os.PathLike) -> pd.DataFrame:
    """Read the scores of all tracks below a folder, such as a submission to SiSEC 2018.

    Args:
        folder: str or Path. With a file per track, at any depth.

    Returns:
        pandas.DataFrame. As from `read`; `sm.evaluation.statistics.aggregate` makes the
        published medians of it.

    Raises:
        FileNotFoundError: if there is no such file below the folder.

    Example:

    ```python
    sm.evaluation.statistics.aggregate(sm.evaluation.museval_json.read_folder("submissions/STL1/test"))
    ```
    """
    paths = [path for path in song_folders.walk(folder) if path.suffix == ".json"]
    if not paths:
        raise FileNotFoundError(f"{folder} holds no scores such as song.json; give another folder")
    return pd.concat([read(path) for path in paths], ignore_index=True)


def _read_name(target):
    if not isinstance(target["name"], str):
        raise TypeError(f"a name must be a str, not {target['name']!r}")
    return target["name"]


def _read_number(value):
    """A score or a time; museval's missing ones are null or NaN."""
    if value is None:
        return np.nan
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, int) and abs(value) > 2**53):
        raise TypeError(f"a score must be a number, not {value!r}")
    return value


def _number(value):
    return round(float(value), 5) if np.isfinite(value) else float("nan")
