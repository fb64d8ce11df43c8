"""Folders of songs: what lies in them, and what to say where it does not."""

import pathlib

from sepmodels.datasets.stem_readers import DifferenceSignal, FileSignal, SumSignal

SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".mp4"}
BAND = ("drums", "bass", "other")


def visible(folder):
    """What lies in a folder, sorted, without what systems hide there (`.git`, `._song`)."""
    paths = sorted(pathlib.Path(folder).iterdir())
    return [path for path in paths if not path.name.startswith(".") or path.name[:2] == ".."]


def songs(folder):
    """The folders in a folder."""
    return [path for path in visible(folder) if path.is_dir()]


def stems(folder, sources, names=None):
    """Find the stems of the song that a folder holds, in any audio format.

    Where there is no accompaniment, it is the sum of drums, bass and other; where those are not
    there either, the mixture without the vocals.

    Args:
        folder: path. The song.
        sources: sequence of str. The stems wanted.
        names: dict of str to str. How a file is called, without its suffix, that is not called
            like its source. Defaults to `None`: all are.

    Returns:
        dict of source to signal, and the signal of the mixture or `None`.

    Raises:
        FileNotFoundError: the song lacks a stem.
        ValueError: a stem is there twice.
    """
    files = {}
    for path in visible(folder):
        if path.suffix.lower() in SUFFIXES:
            if path.stem in files:
                raise ValueError(f"{folder} has {path.stem} twice: {files[path.stem]} and {path}")
            files[path.stem] = FileSignal(str(path))
    names = names or {}
    known = {source: files.get(names.get(source, source)) for source in {*sources, *BAND}}
    vocals, mixture = (files.get(names.get(name, name)) for name in ("vocals", "mixture"))
    if known.get("accompaniment") is None:
        if all(known[part] is not None for part in BAND):
            known["accompaniment"] = SumSignal(tuple(known[part] for part in BAND))
        elif vocals is not None and mixture is not None:
            known["accompaniment"] = DifferenceSignal(mixture, vocals)
    for source in sources:
        if known[source] is None:
            raise FileNotFoundError(
                f"{folder} has no {names.get(source, source)}.wav (nor .flac, .mp3, ...); it has "
                f"{sorted(pathlib.Path(file.path).name for file in files.values()) or 'no audio'}"
            )
    return {source: known[source] for source in sources}, mixture


def wrong(root, tree, origin):
    """The error for a folder that is missing or holds something else: what should be there.

    Args:
        root: path. The folder.
        tree: str. What it should look like.
        origin: str. Where the corpus comes from, and what it may be used for.

    Returns:
        FileNotFoundError.
    """
    found = "holds no songs" if pathlib.Path(root).is_dir() else "there is no such folder"
    return FileNotFoundError(f"{root}: {found}. Expected is\n\n{tree}\n{origin}")
