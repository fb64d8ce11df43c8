"""Everything is Free: an album of electronic pop with separate vocals, in the public domain."""

import os

from sepmodels.datasets.corpora import song_folders
from sepmodels.datasets.track import Track

SONGS = ("caesium", "francium", "hydrogen", "lithium", "potassium", "rubidium", "sodium")


def load(root: str | os.PathLike) -> list[Track]:
    """Load the album *Everything is Free* by Software-Entwicklungskit from a folder.

    Seven songs, 33 minutes, 44.1 kHz, stereo, in the public domain (CC0). The studio vocals have
    effects, doublings and harmonies, which karaoke corpora lack. The levels are unmixed: the
    vocals are 0 to 18 dB below the accompaniment, so training should draw random gains. The same
    few singers sing all songs, so do not validate on some of them what others have trained.

    A song that cannot be used is left out, with a warning that says why. `datasets.lithium` is
    an excerpt that ships with the library.

    Expected files:

        root/hydrogen/vocals.ogg           or any other audio format
        root/hydrogen/accompaniment.ogg    or drums, bass and other
        root/lithium/vocals.ogg

    The unmixed stems are at https://github.com/ichbinsoftware/everythingisremixed; sum those of a
    song to vocals and accompaniment.

    Args:
        root: str or path. The folder, with a folder for each song.

    Returns:
        list of `Track`, sorted by name. `domain` is `"everything_is_free"`, `group` the name.

    Raises:
        FileNotFoundError: no such folder, no song of the album in it, or no song with all its
            stems.
    """
    songs = song_folders.find_songs(root)

    def make(name):
        readers, _ = song_folders.find_stems(songs[name], ("vocals", "accompaniment"))
        return Track(name, readers, domain="everything_is_free")

    entries = [name for name in SONGS if name in songs]
    return song_folders.load_tracks(entries, make, root, load)
