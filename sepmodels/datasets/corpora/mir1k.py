"""MIR-1K: a thousand clips of amateur Chinese karaoke, the band left and the voice right."""

import pathlib
import re

from sepmodels.datasets.corpora import folders, splits
from sepmodels.datasets.track import Track

_CLIP = re.compile(r"([A-Za-z]+_\d+)_\d+")  # singer, song, clip
_SUFFIXES = {".wav", ".flac", ".ogg"}
_TREE = """\
    root/Wavfile/abjones_1_01.wav    left the band, right the voice; also .flac or .ogg
    root/Wavfile/abjones_1_02.wav
"""
_ORIGIN = (
    "MIR-1K, 1000 clips, 133 minutes: https://sites.google.com/site/unvoicedsoundseparation/mir-1k."
    " For research; its authors state no licence."
)
_PARTS = {"published": ("train", "test"), "disjoint": ("train", "valid")}


def load(root, split=None, protocol="published"):
    """Load MIR-1K from a folder.

    1000 clips of 4 to 13 s, 16 kHz: the left channel holds the accompaniment, the right one the
    voice; the mixture is their sum. The corpus is for research; its authors state no licence, so
    sepmodels ships none of its audio.

    Two ways to divide it, both in `data/splits/mir1k.csv`:

    - `"published"`: the clips of the singers abjones and amy train, all others test. Some songs
      of both parts share a backing.
    - `"disjoint"`: no singer, song or backing is in both `train` and `valid`. A clip that
      the table does not list is in neither part.

    Args:
        root: str or path. The folder, searched with everything below it; where it has a folder
            `Wavfile`, as the original has, only that is read.
        split: str. `"train"`, `"test"` (published) or `"valid"` (disjoint). Defaults to `None`:
            all clips.
        protocol: str. `"published"` or `"disjoint"`. Defaults to `"published"`.

    Returns:
        list of `Track`, sorted by name; the group of a track is its backing, its `split` the part
        of the protocol that it is in.

    Raises:
        FileNotFoundError: no such folder, or no clips in it.
        ValueError: unknown `split` or `protocol`, or a clip that is there twice.

    Reference:

    - Hsu and Jang (2010). "On the Improvement of Singing Voice Separation for Monaural Recordings
      Using the MIR-1K Dataset". IEEE Transactions on Audio, Speech, and Language Processing 18(2).
    """
    if protocol not in _PARTS:
        raise ValueError(f"`protocol` must be one of {list(_PARTS)}. Received: {protocol!r}")
    if split is not None and split not in _PARTS[protocol]:
        raise ValueError(
            f"`split` must be None or one of {_PARTS[protocol]} with protocol={protocol!r}. "
            f"Received: split={split!r}"
        )
    rows = {row["clip"]: row for row in splits.read("mir1k")}
    backings = {row["song"]: row["backing"] for row in rows.values()}
    tracks = []
    for clip, path in _clips(pathlib.Path(root)).items():
        part = rows.get(clip, {"published": "test", "disjoint": None})[protocol]
        if split in (None, part):
            song = _CLIP.fullmatch(clip)[1]
            stems = {"vocals": (path, 1), "accompaniment": (path, 0)}
            labels = {"group": backings.get(song, song), "domain": "mir1k", "split": part}
            tracks.append(Track.from_files(clip, stems, **labels))
    if not tracks:
        raise FileNotFoundError(f"{root} holds no clip of the split {split!r} ({protocol})")
    return tracks


def _clips(root):
    """All clips below the folder: name to path, sorted by name."""
    # Beside the songs the original has spoken lyrics under the same names.
    places = sorted(root.rglob("Wavfile")) or [root]
    clips = {}
    for path in sorted(path for place in places for path in place.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES or not _CLIP.fullmatch(path.stem):
            continue
        if path.stem in clips:
            raise ValueError(f"clip {path.stem} is there twice: {clips[path.stem]} and {path}")
        clips[path.stem] = path
    if not clips:
        raise folders.wrong(root, _TREE, _ORIGIN)
    return dict(sorted(clips.items()))
