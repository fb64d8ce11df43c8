"""MIR-1K: a thousand clips of Chinese karaoke by amateurs, band left and voice right."""

import os
import pathlib
import re

from sepmodels import _checks
from sepmodels.datasets.corpora import song_folders, splits
from sepmodels.datasets.track import Track

_CLIP = re.compile(r"([A-Za-z]+_\d+)_\d+")  # singer, song, clip
_PARTS = {"published": ("train", "test"), "disjoint": ("train", "valid")}


def load(
    root: str | os.PathLike, split: str | None = None, protocol: str = "published"
) -> list[Track]:
    """Load MIR-1K from a folder.

    1000 clips of 4 to 13 s, 16 kHz: the left channel holds the accompaniment, the right one the
    voice; the mixture is their sum. The corpus is for research; its authors state no licence, so
    sepmodels ships none of its audio.

    There are two ways to divide it, both in `data/splits/mir1k.csv`:

    - `"published"`: the clips of the singers abjones and amy are for training, all others for
      testing. Some songs of the two parts share a backing.
    - `"disjoint"`: no singer, song or backing is in both `train` and `valid`. A clip that
      the table does not list is in neither part.

    A clip that cannot be used is left out, with a warning that says why.

    Expected files:

        root/Wavfile/abjones_1_01.wav    left the band, right the voice; or .flac, .ogg
        root/Wavfile/abjones_1_02.wav

    The corpus (1000 clips, 133 minutes) is at
    https://sites.google.com/site/unvoicedsoundseparation/mir-1k. It is for research; its authors
    state no licence.

    Args:
        root: str or path. The folder, searched at any depth; where there is a folder `Wavfile`,
            as in the original, only that is read.
        split: str. `"train"`, `"test"` (published) or `"valid"` (disjoint). Defaults to `None`:
            all clips.
        protocol: str. `"published"` or `"disjoint"`. Defaults to `"published"`.

    Returns:
        list of `Track`, sorted by name. The `group` of a track is its backing, its `split` the
        part of the protocol to which it belongs.

    Raises:
        FileNotFoundError: no such folder, or no clips in it.
        ValueError: unknown `split` or `protocol`, or a clip that is there twice.

    Reference:

    - Hsu and Jang (2010). "On the Improvement of Singing Voice Separation for Monaural Recordings
      Using the MIR-1K Dataset". IEEE Transactions on Audio, Speech, and Language Processing 18(2).
    """
    _checks.one_of(protocol=(protocol, _PARTS))
    _checks.one_of(split=(split, (None, *_PARTS[protocol])))
    rows = {row["clip"]: row for row in splits.read("mir1k")}
    backings = {row["song"]: row["backing"] for row in rows.values()}
    unlisted = {"published": "test", "disjoint": None}
    clips = _find_clips(pathlib.Path(root))
    parts = {name: rows.get(name, unlisted)[protocol] for name in clips}
    entries = [name for name, part in parts.items() if split in (None, part)]
    if clips and not entries:
        raise FileNotFoundError(f"{root} holds no clip of the split {split!r} ({protocol})")

    def make(name):
        song = _CLIP.fullmatch(name)[1]
        stems = {"vocals": (clips[name], 1), "accompaniment": (clips[name], 0)}
        labels = {"group": backings.get(song, song), "domain": "mir1k", "split": parts[name]}
        return Track.from_files(name, stems, **labels)

    return song_folders.load_tracks(entries, make, root, load)


def _find_clips(root):
    """All clips below the folder: name to path, sorted by name."""
    paths = [path for path in song_folders.find_audio(root) if _CLIP.fullmatch(path.stem)]
    # Beside the songs, the original has spoken lyrics under the same names.
    songs = [path for path in paths if "Wavfile" in path.relative_to(root).parts]
    return dict(sorted(song_folders.name_files(songs or paths).items()))
