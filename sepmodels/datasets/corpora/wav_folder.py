"""Your own songs: a folder of songs with a file for each stem, or stereo files of two stems."""

import pathlib

from sepmodels import audio
from sepmodels.datasets.corpora import folders
from sepmodels.datasets.track import Track

_FOLDERS = """\
    root/first song/vocals.wav
    root/first song/accompaniment.wav    or drums, bass and other; or mixture
"""
_FILES = """\
    root/first song.wav                  a stem in each channel
"""
_ORIGIN = "Any audio format will do; load(root, channels=...) reads stereo files of two stems."


def load(root, sources=("vocals", "accompaniment"), channels=None):
    """Load songs from a folder. Two trees are understood.

    One folder for each song (also DSD100's and MUSDB18-HQ's), in any audio format:

        root/first song/vocals.wav
        root/first song/accompaniment.wav
        root/second song/vocals.flac
        root/second song/drums.flac         where there is no accompaniment, the sum of
        root/second song/bass.flac          drums, bass and other takes its place
        root/second song/other.flac
        root/second song/mixture.flac       only where it is not the sum of the stems
        root/third song/vocals.wav
        root/third song/mixture.wav         what is not vocals is the accompaniment

    One file for each song, a stem in each of its channels, with
    `channels={"accompaniment": 0, "vocals": 1}`:

        root/first song.wav
        root/second song.wav

    A silent stem is a stem; `describe` tells how much of it is silent. Names may hold any
    characters, but folders and files whose names begin with one dot are passed over.

    Args:
        root: str or path. The folder.
        sources: sequence of str. The stems wanted. Defaults to `("vocals", "accompaniment")`.
        channels: dict of str to int. For the second tree, which channel holds which source; then
            `sources` is not needed. Defaults to `None`: the first tree.

    Returns:
        list of `Track`, sorted by name. Say yourself what their `domain` and `split` are:
        `song.domain = "jazz"`.

    Raises:
        FileNotFoundError: no such folder, no songs in it, or a song without one of its stems.
        ValueError: a stem that is there twice, or stems of different length, rate or channels.

    Example:

    >>> import tempfile
    >>> root = tempfile.mkdtemp()
    >>> sm.datasets.wav_folder.save([sm.datasets.sample.load()], root, sample_rate=16000)
    >>> sm.datasets.wav_folder.load(root)
    [Track('The Easton Ellises - Falcon 69', vocals + accompaniment, 6.1 s, 16000 Hz, 2 channels)]
    """
    root = pathlib.Path(root)
    tracks = []
    if channels is not None and root.is_dir():
        for path in folders.visible(root):
            if path.suffix.lower() in folders.SUFFIXES:
                places = {source: (path, channel) for source, channel in channels.items()}
                tracks.append(Track.from_files(path.stem, places))
    elif root.is_dir():
        for folder in folders.songs(root):
            tracks.append(Track(folder.name, *folders.stems(folder, sources)))
    if not tracks:
        raise folders.wrong(root, _FOLDERS if channels is None else _FILES, _ORIGIN)
    return tracks


def save(tracks, root, sample_rate=None):
    """Write the stems of songs as WAV files, in the tree that `load` reads.

    To keep a corpus at hand for training, `cache_as_wav` does it more safely; this is for folders
    that people look into.

    Args:
        tracks: list of `Track`, of any corpus.
        root: str or path. The folder; created if missing.
        sample_rate: int. In Hz. Defaults to `None`: that of each track.

    Raises:
        ValueError: a song whose name cannot be that of a folder.
    """
    for track in tracks:
        if pathlib.Path(track.name).name != track.name or track.name in ("", ".", ".."):
            raise ValueError(f"song {track.name!r} cannot be saved under this name; rename it")
        folder = pathlib.Path(root) / track.name
        folder.mkdir(parents=True, exist_ok=True)
        for source, samples in track.stems.items():
            rate = sample_rate or track.sample_rate
            samples = audio.resample(samples, track.sample_rate, rate)
            audio.write(folder / f"{source}.wav", samples, rate)
