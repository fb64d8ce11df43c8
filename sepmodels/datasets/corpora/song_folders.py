"""Folders of songs: find the songs and their stems, and report those that cannot be used."""

import inspect
import os
import pathlib
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sepmodels import audio
from sepmodels.datasets.stem_readers import FileReader, SumReader

BAND = ("drums", "bass", "other")
# Folders that operating systems, archives and network disks create.
_SYSTEM = {"__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"}


class SongFolder(NamedTuple):
    """A folder that holds audio files, one for each stem."""

    path: pathlib.Path
    audio: list

    @property
    def files(self) -> dict[str, str]:
        """Dict of the name of each stem to its path, a str.

        Raises:
            ValueError: a stem is there twice.
        """
        return name_files(self.audio)


def name_files(paths: Iterable[pathlib.Path]) -> dict[str, str]:
    """Make a dict of the name of each file, without suffix, to its path as str.

    Raises:
        ValueError: two files have the same name.
    """
    files: dict[str, str] = {}
    for path in paths:
        name = normalize_name(path.stem)
        if name in files:
            raise ValueError(f"{name} is there twice: {files[name]} and {path}; remove one")
        files[name] = str(path)
    return files


def normalize_name(name: str) -> str:
    """Return a file name in the Unicode form NFC; macOS writes NFD."""
    return unicodedata.normalize("NFC", name)


def find_songs(root: str | os.PathLike) -> dict[str, SongFolder]:
    """Find the songs in a folder, at any depth: a song is a folder that holds audio files.

    Links are followed. Hidden files and folders are skipped, and so are those of operating
    systems, such as `._vocals.wav`, `__MACOSX`, `@eaDir` and `lost+found`.

    Args:
        root: str or path. A folder of songs, or one song.

    Returns:
        dict of name to `SongFolder`, sorted by name. The name is the path below `root` in the
        Unicode form NFC; a song that lies in `root` itself is called `song`.
    """
    songs: dict[str, SongFolder] = {}
    for path in find_audio(root):
        name = normalize_name(path.parent.relative_to(root).as_posix())
        name = "song" if name == "." else name
        songs.setdefault(name, SongFolder(path.parent, [])).audio.append(path)
    return dict(sorted(songs.items()))


def find_audio(root: str | os.PathLike) -> list[pathlib.Path]:
    """Return the paths of all visible audio files below a folder, sorted folder by folder."""
    return [path for path in walk(root) if path.suffix.lower() in audio.SUFFIXES]


def walk(root: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yield the paths of all visible files below a folder, sorted folder by folder."""
    if not os.path.isdir(root):
        return
    for folder, folders, files in os.walk(os.fspath(root), followlinks=True, onerror=_report):
        real = os.path.realpath(folder)  # a link to a folder above would be walked without end
        folders[:] = sorted(
            name
            for name in folders
            if _is_visible(name)
            and not f"{real}/".startswith(f"{os.path.realpath(os.path.join(folder, name))}/")
        )
        yield from (pathlib.Path(folder, name) for name in sorted(files) if _is_visible(name))


def _is_visible(name):
    return name not in _SYSTEM and (not name.startswith(".") or name.startswith(".."))


def _report(error):
    warnings.warn(f"left out: {error}", stacklevel=2)


def find_stems(
    song: SongFolder, sources: Sequence[str], names: dict[str, str] | None = None
) -> tuple:
    """Find the stems of a song.

    Where there is no accompaniment, it is the sum of drums, bass and other; where those are
    missing too, it is the mixture without the vocals.

    Args:
        song: `SongFolder`.
        sources: sequence of str. The stems wanted.
        names: dict of str to str. The file names, without suffix, of the stems that are not named
            after their source. Defaults to `None`: all are.

    Returns:
        dict of source to reader, and the reader of the mixture or `None`.

    Raises:
        FileNotFoundError: the song lacks a stem.
        ValueError: a stem is there twice.
    """
    names = names or {}
    files = song.files
    readers: dict = {name: FileReader(path) for name, path in files.items()}
    known = {
        source: readers[names.get(source, source)]
        for source in {*sources, *BAND, "vocals", "mixture"}
        if names.get(source, source) in readers
    }
    if "accompaniment" not in known:
        if known.keys() >= set(BAND):
            known["accompaniment"] = SumReader(tuple(known[part] for part in BAND))
        elif known.keys() >= {"vocals", "mixture"}:
            known["accompaniment"] = SumReader((known["mixture"],), (known["vocals"],))
    for source in sources:
        if source not in known:
            raise FileNotFoundError(
                f"{song.path} has no {names.get(source, source)}.wav (nor .flac, .mp3, ...); it "
                f"has {sorted(pathlib.Path(path).name for path in files.values())}"
            )
    return {source: known[source] for source in sources}, known.get("mixture")


def load_tracks(entries: Iterable, make: Callable, root: str | os.PathLike, load: Callable) -> list:
    """Make a track of each entry. Those that cannot be used are left out, with a warning.

    Args:
        entries: list. One for each track, such as the name of a song in the corpus.
        make: function from an entry to a `Track`.
        root: path. The folder of the corpus.
        load: function. Loads the corpus; its docstring states the expected files and their origin.

    Returns:
        list of `Track`.

    Raises:
        FileNotFoundError: there are no entries.
        OSError, ValueError: of the first entry, if no entry can be used.
    """
    if not entries:
        found = "holds no songs" if pathlib.Path(root).is_dir() else "there is no such folder"
        document = inspect.getdoc(load) or ""  # `None` where Python runs without docstrings
        expected = document.partition("Expected files:")[2].partition("Args:")[0]
        raise FileNotFoundError(f"{root}: {found}. Expected files:{expected.rstrip()}")
    tracks, errors = [], []
    for entry in entries:
        try:
            tracks.append(make(entry))
        except (OSError, ValueError) as error:
            errors.append(error)
    if not tracks:
        raise errors[0]
    for error in errors:
        _report(error)
    return tracks
