"""The split of each corpus: which songs are for training, validation and testing."""

import csv

from sepmodels import _files


def read(name: str) -> list[dict[str, str]]:
    """Read a table of splits.

    Args:
        name: str. A corpus, such as `"mir1k"`.

    Returns:
        list of dict, one for each row, with the columns of the file as keys.

    Raises:
        FileNotFoundError: there is no such table.
    """
    with _files.find_shipped(f"splits/{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
