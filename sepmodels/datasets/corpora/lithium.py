"""Thirty seconds of a song in four stems, in the public domain, which ship with the library."""

from sepmodels import _checks, _files
from sepmodels.datasets.corpora import song_folders
from sepmodels.datasets.track import Track

SOURCES = {2: ("vocals", "accompaniment"), 4: ("vocals", "drums", "bass", "other")}


def load(stems: int = 2) -> Track:
    """Load thirty seconds of a real song with its stems; no download is needed.

    The song is "Lithium" by Software-Entwicklungskit, from the album *Everything is Free*: stereo,
    44.1 kHz, coded with Vorbis. It is in the public domain
    ([CC0](https://creativecommons.org/publicdomain/zero/1.0/)): it may be used, changed and shared
    for any purpose. `datasets.everything_is_free` loads the whole album.

    Args:
        stems: int. `2` for vocals and accompaniment, `4` for vocals, drums, bass and other.
            Defaults to `2`.

    Returns:
        A `Track`.

    Raises:
        ValueError: `stems` is neither 2 nor 4.

    Example:

    >>> sm.datasets.lithium.load(stems=4).sources
    ('vocals', 'drums', 'bass', 'other')
    """
    _checks.one_of(stems=(stems, SOURCES))
    (song,) = song_folders.find_songs(_files.find_shipped("lithium_30s")).values()
    readers, _ = song_folders.find_stems(song, SOURCES[stems])
    labels = {"group": "lithium", "domain": "everything_is_free"}
    track = Track("Software-Entwicklungskit - Lithium", readers, **labels)
    return track.resample(track.sample_rate)
