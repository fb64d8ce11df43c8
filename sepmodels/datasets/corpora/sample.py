"""A real song with stems that every installation has: the clip that the package stempeg ships."""

import importlib.util
import os
import pathlib

from sepmodels import _checks
from sepmodels.datasets.corpora import lithium
from sepmodels.datasets.corpora.musdb import STEM_SUFFIX, read_streams
from sepmodels.datasets.track import Track

_CLIP = "data/The Easton Ellises - Falcon 69.stem.mp4"
_EXCERPT = 617_400, 885_688  # samples of "Lithium", as many as the clip has, voice as soft


def load(stems: int = 2, mixture: str = "sum") -> Track:
    """Load six seconds of a real song with its stems; no download, no FFmpeg.

    The clip is "Falcon 69" by The Easton Ellises, from the test set of MUSDB18, as shipped with the
    package `stempeg`: stereo, 44.1 kHz, coded with AAC. Its licence is
    [CC BY-NC-SA 3.0](https://creativecommons.org/licenses/by-nc-sa/3.0/): name the band, use it
    for non-commercial purposes only, and share what you make of it under the same licence. With
    the environment variable `SEPMODELS_SAMPLE=lithium` it is six seconds of `datasets.lithium`
    instead, which are in the public domain, for pages that are published without that licence.

    Args:
        stems: int. `2` for vocals and accompaniment, `4` for vocals, drums, bass and other.
            Defaults to `2`.
        mixture: str. `"sum"`: the sum of the stems; `"shipped"`: the mixture in the file, which
            was mastered and coded separately, so the stems add up to it only approximately
            ("Lithium" was not mastered; its mixture is the sum).
            Defaults to `"sum"`.

    Returns:
        A `Track`.

    Raises:
        ImportError: stempeg is not installed.
        ValueError: `stems`, `mixture` or `SEPMODELS_SAMPLE` is none of the above.

    Example:

    >>> sm.datasets.sample.load()
    Track('The Easton Ellises - Falcon 69', vocals + accompaniment, 6.1 s, 44100 Hz, 2 channels)
    """
    _checks.one_of(stems=(stems, (2, 4)), mixture=(mixture, ("sum", "shipped")))
    choice = os.environ.get("SEPMODELS_SAMPLE", "falcon")
    _checks.one_of(SEPMODELS_SAMPLE=(choice, ("falcon", "lithium")))
    if choice == "lithium":
        song = lithium.load(stems)
        name = f"{song.name}, 14 s to 20 s"
        return Track.from_arrays(name, song.read(*_EXCERPT), song.sample_rate, group=song.group)
    path = _find_clip()
    readers, shipped = read_streams(path, lithium.SOURCES[stems])
    shipped = shipped if mixture == "shipped" else None
    track = Track(path.name.removesuffix(STEM_SUFFIX), readers, shipped, split="test")
    return track.resample(track.sample_rate)


def _find_clip():
    # stempeg cannot be imported without FFmpeg; its data can be found without importing it.
    spec = importlib.util.find_spec("stempeg")
    if spec is None:
        raise ImportError("the sample song is in the package stempeg: pip install stempeg")
    return pathlib.Path(spec.submodule_search_locations[0]) / _CLIP
