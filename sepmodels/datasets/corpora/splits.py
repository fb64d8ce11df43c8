"""Which song trains and which validates: small csv files that ship with the library."""

import csv
import pathlib

_PACKAGE = pathlib.Path(__file__).resolve().parents[2]


def read(name):
    """Read a table of splits.

    Args:
        name: str. A corpus, such as `"mir1k"`.

    Returns:
        list of dict, a row each, with the columns of the file as keys.

    Raises:
        FileNotFoundError: if there is no such table.
    """
    # In an installed wheel the tables lie in the package, in a checkout beside it.
    for folder in (_PACKAGE / "splits", _PACKAGE.parent / "data" / "splits"):
        path = folder / f"{name}.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
    raise FileNotFoundError(f"there is no table of splits for {name!r}; reinstall sepmodels")
