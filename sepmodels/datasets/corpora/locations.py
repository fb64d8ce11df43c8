"""`load_location`: the songs of a corpus in a folder, divided for training and validation."""

import pathlib
from collections.abc import Callable

from sepmodels.datasets import synthetic
from sepmodels.datasets.corpora import ccmixter, everything_is_free, mir1k, musdb, wav_folder
from sepmodels.datasets.track import Track

_CORPORA: dict[str, Callable] = {
    "ccmixter": lambda root: (ccmixter.load(root, "train"), []),
    "everything_is_free": lambda root: (everything_is_free.load(root), []),
    "mir1k": lambda root: tuple(mir1k.load(root, part, "disjoint") for part in ("train", "valid")),
    "musdb": lambda root: tuple(musdb.load(root, "train", part) for part in ("train", "valid")),
}


def load_location(location: str) -> tuple[list[Track], list[Track]]:
    """Load the songs to train on, and those to validate on where the corpus names them.

    Args:
        location: str. `"synthetic"`; `"ccmixter:FOLDER"`, `"everything_is_free:FOLDER"`,
            `"mir1k:FOLDER"` or `"musdb:FOLDER"`; or a folder as of `wav_folder.load`.

    Returns:
        `(training, validation)`, two lists of `Track`; the second may be empty.

    Raises:
        FileNotFoundError: there are no songs.
        ValueError: there is no such corpus.

    Example:

    >>> training, validation = sm.datasets.load_location("synthetic")
    >>> len(training), len(validation)
    (8, 0)
    """
    if location == "synthetic":
        return synthetic.load(), []
    corpus, colon, root = location.partition(":")
    if corpus in _CORPORA and colon:
        return _CORPORA[corpus](root)
    if len(corpus) > 1 and colon and not pathlib.Path(location).exists():
        known = ", ".join(f"{corpus}:FOLDER" for corpus in _CORPORA)
        raise ValueError(f"songs must be a folder, synthetic, {known}. Received: {location}")
    return wav_folder.load(location), []
