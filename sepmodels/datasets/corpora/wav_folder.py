"""The user's own songs: folders with a file for each stem, or files with a stem in each channel."""

import os
import pathlib
from collections.abc import Sequence

from sepmodels import _files, audio
from sepmodels.datasets.corpora import song_folders
from sepmodels.datasets.stem_readers import find_paths
from sepmodels.datasets.track import Track


def load(
    root: str | os.PathLike,
    sources: Sequence[str] = ("vocals", "accompaniment"),
    channels: int | None = None,
) -> list[Track]:
    """Load songs from a folder: a folder for each song, or a file with a stem in each channel.

    A song that cannot be used is left out, with a warning that says why. A silent stem can be
    used; `describe` reports how much of it is silent. Names may hold any characters, but files and
    folders whose names begin with one dot are skipped, as are those of operating systems.

    Expected files:

    One folder for each song (as in DSD100 and MUSDB18-HQ), at any depth and in any audio format:

        root/first song/vocals.wav
        root/first song/accompaniment.wav
        root/second song/vocals.flac
        root/second song/drums.flac         without an accompaniment, the sum of drums,
        root/second song/bass.flac          bass and other takes its place
        root/second song/other.flac
        root/second song/mixture.flac       only where it is not the sum of the stems
        root/third song/vocals.wav
        root/third song/mixture.wav         the accompaniment is the mixture less the vocals

    or one file for each song with a stem in each of its channels, with
    `channels={"accompaniment": 0, "vocals": 1}`:

        root/first song.wav
        root/second song.wav

    Args:
        root: str or path. The folder.
        sources: sequence of str. The stems wanted. Defaults to `("vocals", "accompaniment")`.
        channels: dict of str to int. The channel of each source, where a file holds all stems of
            a song; `sources` is then not needed. Defaults to `None`: a file for each stem.

    Returns:
        list of `Track`, sorted by name. Their `domain` and `split` are not known; set them, as in
        `track.domain = "jazz"`.

    Raises:
        FileNotFoundError: no such folder, no songs in it, or no song with all its stems.
        ValueError: no song can be used, because a stem is there twice, or the stems differ in
            length, rate or channels.

    Example:

    >>> import tempfile
    >>> root = tempfile.mkdtemp()
    >>> sm.datasets.wav_folder.save([sm.datasets.sample.load()], root, sample_rate=16000)
    >>> sm.datasets.wav_folder.load(root)
    [Track('The Easton Ellises - Falcon 69', vocals + accompaniment, 6.1 s, 16000 Hz, 2 channels)]
    """
    if channels is None:
        entries = [*song_folders.find_songs(root).items()]
    else:
        paths = [p for p in song_folders.find_audio(root) if p.parent == pathlib.Path(root)]
        entries = [(path.stem, path) for path in paths]

    def make(entry):
        name, song = entry
        if channels is None:
            return Track(name, *song_folders.find_stems(song, sources))
        stems = {source: (song, channel) for source, channel in channels.items()}
        return Track.from_files(name, stems)

    return song_folders.load_tracks(entries, make, root, load)


def save(tracks: Sequence[Track], root: str | os.PathLike, sample_rate: int | None = None) -> None:
    """Write the stems of songs as WAV files, in the tree that `load` reads.

    The files have plain names for use in other programs. For training, `cache_as_wav` is safer.

    Args:
        tracks: list of `Track`, of any corpus.
        root: str or path. The folder, created if missing.
        sample_rate: int. In Hz. Defaults to `None`: that of each track.

    Raises:
        ValueError: the name of a song cannot be the name of a folder, or a file that is read would
            be overwritten.
    """
    readers = [reader for track in tracks for reader in track.readers.values()]
    read = [path for reader in readers for path in find_paths(reader)]
    for track in tracks:
        folder = _files.join_names(root, *track.name.split("/"))  # a song may lie deeper
        paths = [_files.join_names(folder, f"{source}.wav") for source in track.sources]
        _files.refuse_overwriting(paths, read)
        folder.mkdir(parents=True, exist_ok=True)
        for path, samples in zip(paths, track.stems.values(), strict=True):
            rate = sample_rate or track.sample_rate
            audio.write(path, audio.resample(samples, track.sample_rate, rate), rate)
