"""One real song with stems that every user has: the clip that the package stempeg ships."""

import importlib.util
import pathlib

from sepmodels import audio
from sepmodels.datasets.track import Track

_CLIP = "data/The Easton Ellises - Falcon 69.stem.mp4"
_STREAMS = {"drums": 1, "bass": 2, "other": 3, "vocals": 4}


def load(stems=2, mixture="sum"):
    """Load six seconds of a real song with its stems; no download, no FFmpeg.

    The clip is "Falcon 69" by The Easton Ellises, from MUSDB18's test set, as the package `stempeg`
    ships it: stereo, 44.1 kHz, coded with AAC. It is licensed under
    [CC BY-NC-SA 3.0](https://creativecommons.org/licenses/by-nc-sa/3.0/): name the band, keep it
    non-commercial, share alike.

    Args:
        stems: int. `2` for vocals and accompaniment, `4` for vocals, drums, bass and other.
            Defaults to `2`.
        mixture: str. `"sum"`: the sum of the stems; `"shipped"`: the mixture in the file, which
            was mastered and coded by itself, so the stems only nearly add up to it.
            Defaults to `"sum"`.

    Returns:
        A `Track`.

    Raises:
        ImportError: stempeg is not installed.

    Example:

    >>> sm.datasets.sample.load()
    Track('The Easton Ellises - Falcon 69', vocals + accompaniment, 6.1 s, 44100 Hz, 2 channels)
    """
    if stems not in (2, 4):
        raise ValueError(f"`stems` must be 2 or 4. Received: stems={stems}")
    if mixture not in ("sum", "shipped"):
        raise ValueError(f"`mixture` must be 'sum' or 'shipped'. Received: mixture={mixture!r}")
    path = _path()
    read = {}
    for source, index in _STREAMS.items():
        read[source], sample_rate = audio.read_stream(path, index)
    if stems == 2:
        accompaniment = read["drums"] + read["bass"] + read["other"]
        chosen = {"vocals": read["vocals"], "accompaniment": accompaniment}
    else:
        chosen = {source: read[source] for source in ("vocals", "drums", "bass", "other")}
    shipped = audio.read_stream(path, 0)[0] if mixture == "shipped" else None
    name = path.name.removesuffix(".stem.mp4")
    return Track.from_arrays(name, chosen, sample_rate, mixture=shipped, split="test")


def _path():
    # stempeg cannot be imported without FFmpeg; its data can be found without importing it.
    spec = importlib.util.find_spec("stempeg")
    if spec is None:
        raise ImportError("the sample song lies in the package stempeg: pip install stempeg")
    return pathlib.Path(spec.submodule_search_locations[0]) / _CLIP
