"""Your own songs: a folder of songs with a file for each stem, or stereo files of two stems."""

import pathlib

from sepmodels import audio
from sepmodels.datasets.signals import FileSignal, SumSignal
from sepmodels.datasets.track import Track

_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".mp4"}
_BAND = ("drums", "bass", "other")


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

    One file for each song, a stem in each of its channels, with
    `channels={"accompaniment": 0, "vocals": 1}`:

        root/first song.wav
        root/second song.wav

    Args:
        root: str or path. The folder.
        sources: sequence of str. The stems wanted. Defaults to `("vocals", "accompaniment")`.
        channels: dict of str to int. For the second tree, which channel holds which source; then
            `sources` is not needed. Defaults to `None`: the first tree.

    Returns:
        list of `Track`, sorted by name.

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
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder")
    if channels is not None:
        songs = [path for path in _visible(root) if path.suffix.lower() in _SUFFIXES]
        tracks = [_of_channels(path, channels) for path in songs]
    else:
        tracks = [_of_folder(folder, sources) for folder in _visible(root) if folder.is_dir()]
    if not tracks:
        wanted = "audio files" if channels is not None else "folders of songs, each with its stems"
        raise FileNotFoundError(f"{root} holds no songs; expected in it are {wanted}")
    return tracks


def save(tracks, root, sample_rate=None):
    """Write the stems of songs as WAV files, in the tree that `load` reads.

    Done once before a training, this makes the reading of random segments fast: no decoding and
    no resampling on the way.

    Args:
        tracks: list of `Track`, of any corpus.
        root: str or path. The folder; created if missing.
        sample_rate: int. In Hz. Defaults to `None`: that of each track.
    """
    for track in tracks:
        folder = pathlib.Path(root) / track.name
        folder.mkdir(parents=True, exist_ok=True)
        for source, samples in track.stems.items():
            rate = sample_rate or track.sample_rate
            samples = audio.resample(samples, track.sample_rate, rate)
            audio.write(folder / f"{source}.wav", samples, rate)


def _of_folder(folder, sources):
    files = {}
    for path in _visible(folder):
        if path.suffix.lower() in _SUFFIXES:
            if path.stem in files:
                raise ValueError(f"{folder} has {path.stem} twice: {files[path.stem]} and {path}")
            files[path.stem] = path
    stems = {}
    for source in sources:
        if source in files:
            stems[source] = FileSignal(str(files[source]))
        elif source == "accompaniment" and all(part in files for part in _BAND):
            stems[source] = SumSignal(tuple(FileSignal(str(files[part])) for part in _BAND))
        else:
            raise FileNotFoundError(
                f"{folder} has no {source}.wav (nor .flac, .mp3, ...); it has "
                f"{sorted(path.name for path in files.values()) or 'no audio files'}"
            )
    mixture = FileSignal(str(files["mixture"])) if "mixture" in files else None
    return Track(folder.name, stems, mixture)


def _of_channels(path, channels):
    stems = {source: (path, channel) for source, channel in channels.items()}
    return Track.from_files(path.stem, stems)


def _visible(folder):
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
