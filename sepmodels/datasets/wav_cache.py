"""`cache_as_wav`: songs decoded once into WAV files, which training reads fast."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import time
import uuid
from collections.abc import Sequence

from tqdm.auto import tqdm

from sepmodels import _files, audio
from sepmodels.datasets.track import Track

_NOTE = "song.json"  # beside the WAV files: sizes, times of change and checksums
_ABANDONED = 3600  # seconds after which an unfinished folder belongs to a process that has ended


def cache_as_wav(
    tracks: Sequence[Track],
    folder: str | os.PathLike,
    sample_rate: int | None = None,
    verify: bool = False,
    progress: bool = True,
) -> list[Track]:
    """Decode songs into WAV files, once, and return tracks that read these.

    Songs that are in the folder already are used as they are, so a call after an interrupted one
    resumes it. Several processes may fill one folder: each song appears completely or not at all.
    A song is decoded again when its source has changed or when one of its files is not as it was
    written. Files of an earlier version of a source remain until the folder is deleted.

    The files hold 32-bit floats, so nothing is lost: 21 MB for a minute of a stereo stem at
    44.1 kHz. MUSDB18 with two stems takes 25 GB, at 16 kHz 9 GB.

    Args:
        tracks: list of `Track`, of any corpus.
        folder: str or path. Created if missing. Several corpora may share it.
        sample_rate: int. In Hz; songs at other rates are resampled. Defaults to `None`: as is.
        verify: bool. Whether to compare the checksums of all files; otherwise only of those whose
            size or modification time differs from the note. Defaults to `False`.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Returns:
        list of `Track`, in the order of `tracks`, with their names and labels.

    Raises:
        AudioError: a song cannot be decoded; the songs before it are kept.

    Example:

    >>> import tempfile
    >>> tracks = [sm.datasets.sample.load()]
    >>> sm.datasets.cache_as_wav(tracks, tempfile.mkdtemp(), sample_rate=16000, progress=False)
    [Track('The Easton Ellises - Falcon 69', vocals + accompaniment, 6.1 s, 16000 Hz, 2 channels)]
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for part in folder.glob(".part-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                shutil.rmtree(part, ignore_errors=True)
    targets = [_find_target(folder, track, sample_rate) for track in tracks]
    # Each process begins with another song, so that several share the work.
    first = os.getpid() % len(tracks) if tracks else 0
    order = [*range(first, len(tracks)), *range(first)]
    for number in tqdm(order, desc="songs as WAV", unit="song", disable=not progress):
        track, target = tracks[number], targets[number]
        if not _intact(target, verify):
            _build(track, target, sample_rate or track.sample_rate)
    return [_open(track, target) for track, target in zip(tracks, targets, strict=True)]


def _find_target(folder, track, sample_rate):
    """The song's folder, whose name changes whenever its sources do."""
    stamps = {name: reader.stamp() for name, reader in _readers(track).items()}
    made_of = json.dumps([track.name, sample_rate or track.sample_rate, stamps], sort_keys=True)
    name = re.sub(r"[^\w\- ]", "_", track.name)[:60].strip()
    return folder / f"{name}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def _readers(track):
    mixture = {} if track.mixture_reader is None else {"mixture": track.mixture_reader}
    return {**track.readers, **mixture}


def _build(track, target, sample_rate):
    """Write the song into another folder, then move that to its target in one step."""
    part = target.parent / f".part-{uuid.uuid4().hex}"
    part.mkdir()
    try:
        note = {}
        for name, reader in _readers(track).items():
            samples = reader.read(0, track.length, {})
            samples = audio.resample(samples, track.sample_rate, sample_rate)
            audio.write(part / f"{name}.wav", samples, sample_rate)
            note[name] = _fingerprint(part / f"{name}.wav", True)
        (part / _NOTE).write_text(json.dumps(note))
        with contextlib.suppress(FileNotFoundError):
            target.rename(part / "damaged")
        try:
            part.rename(target)
        except OSError:  # another process was faster
            if not _intact(target, True):
                raise
        shutil.rmtree(target / "damaged", ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _intact(target, verify):
    """Whether all files of the song are as they were written."""
    try:
        note = json.loads((target / _NOTE).read_text())
        for name, written in note.items():
            path = target / f"{name}.wav"
            changed = verify or _fingerprint(path, False) != written[:2]
            if changed and _fingerprint(path, True)[2] != written[2]:
                return False
    except (FileNotFoundError, ValueError, TypeError, LookupError, AttributeError):
        return False  # there is none, or the note is damaged
    return True


def _fingerprint(path, whole):
    """Size and modification time; with `whole`, the checksum too."""
    status = path.stat()
    brief = [status.st_size, status.st_mtime_ns]
    return [*brief, _files.compute_digest(path)] if whole else brief


def _open(track, target):
    files = {name: target / f"{name}.wav" for name in _readers(track)}
    mixture = None if track.mixture_reader is None else files.pop("mixture")
    return Track.from_files(track.name, files, mixture, **track.labels)
