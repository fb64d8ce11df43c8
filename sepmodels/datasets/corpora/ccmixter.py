"""CCMixter: fifty songs from ccmixter.org with the voice apart, as collected for separation."""

import pathlib

from sepmodels.datasets.corpora import folders, splits
from sepmodels.datasets.track import Track

_NAMES = {"accompaniment": "source-01", "vocals": "source-02", "mixture": "mix"}
_TREE = """\
    root/copperhead_-_Need_You_Baby/mix.wav
    root/copperhead_-_Need_You_Baby/source-01.wav    the instruments
    root/copperhead_-_Need_You_Baby/source-02.wav    the voice
"""
_ORIGIN = (
    "CCMixter, 50 songs, 3.2 hours: https://members.loria.fr/ALiutkus/kam/. The songs are under "
    "Creative Commons licences that differ from song to song, see ccmixter.org."
)


def load(root, split=None, mixture="sum"):
    """Load the CCMixter corpus from a folder with a folder for each song.

    50 songs, 44.1 kHz, all but one of them stereo. `source-01.wav` is the accompaniment,
    `source-02.wav` the voice, `mix.wav` the mixture.

    45 songs train and 5 test, as listed in `data/splits/ccmixter.csv`. Which five others took is
    not known: they speak of 45 and 5 but name no songs. Ours are the first five, by name, whose
    artist has no other song in the corpus and whose song is there once. Two songs are there in
    two versions; their `group` is the same.

    Args:
        root: str or path. The folder.
        split: str. `"train"` or `"test"`; a song that the table does not list is in neither.
            Defaults to `None`: all songs.
        mixture: str. `"sum"`: the sum of the stems; `"shipped"`: `mix.wav`. Defaults to `"sum"`.

    Returns:
        list of `Track`, sorted by name.

    Raises:
        FileNotFoundError: no such folder, no songs in it, or a song without one of its stems.
        ValueError: unknown `split` or `mixture`, or stems of different length, rate or channels.

    Reference:

    - Liutkus, Fitzgerald and Rafii (2015). "Scalable audio separation with light kernel additive
      modelling". ICASSP.
    """
    if split not in (None, "train", "test"):
        raise ValueError(f"`split` must be None, 'train' or 'test'. Received: split={split!r}")
    if mixture not in ("sum", "shipped"):
        raise ValueError(f"`mixture` must be 'sum' or 'shipped'. Received: mixture={mixture!r}")
    root = pathlib.Path(root)
    rows = {row["song"]: row for row in splits.read("ccmixter")}
    tracks = []
    for folder in folders.songs(root) if root.is_dir() else []:
        row = rows.get(folder.name, {"backing": None, "split": None})
        if split in (None, row["split"]):
            stems, shipped = folders.stems(folder, ("vocals", "accompaniment"), _NAMES)
            shipped = shipped if mixture == "shipped" else None
            labels = {"group": row["backing"], "domain": "ccmixter", "split": row["split"]}
            tracks.append(Track(folder.name, stems, shipped, **labels))
    if not tracks:
        raise folders.wrong(root, _TREE, _ORIGIN)
    return tracks
