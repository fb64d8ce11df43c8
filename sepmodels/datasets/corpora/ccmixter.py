"""CCMixter: fifty songs from ccmixter.org whose voice and instruments are separate files."""

import os

from sepmodels import _checks
from sepmodels.datasets.corpora import song_folders, splits
from sepmodels.datasets.track import Track

_NAMES = {"accompaniment": "source-01", "vocals": "source-02", "mixture": "mix"}


def load(root: str | os.PathLike, split: str | None = None, mixture: str = "sum") -> list[Track]:
    """Load the CCMixter corpus from a folder with a folder for each song.

    50 songs, 44.1 kHz, all but one of them stereo. `source-01.wav` is the accompaniment,
    `source-02.wav` the voice, `mix.wav` the mixture.

    45 songs are for training and 5 for testing, as listed in `data/splits/ccmixter.csv`.
    Publications that divide the corpus 45 to 5 do not name the songs. The five test songs here are
    the first, by name, whose artist has no other song in the corpus and of which there is one
    version. Two songs exist in two versions, which share a `group`.

    A song that cannot be used is left out, with a warning that says why.

    Expected files:

        root/copperhead_-_Need_You_Baby/mix.wav
        root/copperhead_-_Need_You_Baby/source-01.wav    the instruments
        root/copperhead_-_Need_You_Baby/source-02.wav    the voice

    The corpus (50 songs, 3.2 hours) is at https://members.loria.fr/ALiutkus/kam/. The songs are
    under Creative Commons licences that differ from song to song, see ccmixter.org.

    Args:
        root: str or path. The folder.
        split: str. `"train"` or `"test"`; a song that the table does not list is in neither.
            Defaults to `None`: all songs.
        mixture: str. `"sum"`: the sum of the stems; `"shipped"`: `mix.wav`. Defaults to `"sum"`.

    Returns:
        list of `Track`, sorted by name.

    Raises:
        FileNotFoundError: no such folder, no songs in it, or no song with all its stems.
        ValueError: unknown `split` or `mixture`.

    Reference:

    - Liutkus, Fitzgerald and Rafii (2015). "Scalable audio separation with light kernel additive
      modelling". ICASSP.
    """
    _checks.one_of(split=(split, (None, "train", "test")), mixture=(mixture, ("sum", "shipped")))
    unlisted = {"backing": None, "split": None}
    rows = {row["song"]: row for row in splits.read("ccmixter")}
    songs = song_folders.find_songs(root)
    entries = [name for name in songs if split in (None, rows.get(name, unlisted)["split"])]

    def make(name):
        row = rows.get(name, unlisted)
        stems, shipped = song_folders.find_stems(songs[name], ("vocals", "accompaniment"), _NAMES)
        labels = {"group": row["backing"], "domain": "ccmixter", "split": row["split"]}
        return Track(name, stems, shipped if mixture == "shipped" else None, **labels)

    return song_folders.load_tracks(entries, make, root, load)
