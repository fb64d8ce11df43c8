"""MUSDB18: 150 songs with vocals, drums, bass and other, as stem.mp4 or as WAV (HQ)."""

import dataclasses
import os
import pathlib
import shutil
import zipfile
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pooch

from sepmodels import _checks, audio
from sepmodels.audio.file import check_whole
from sepmodels.datasets.corpora import song_folders, splits
from sepmodels.datasets.stem_readers import FileReader, SumReader
from sepmodels.datasets.track import Track

_STREAMS = {"mixture": 0, "drums": 1, "bass": 2, "other": 3, "vocals": 4}
STEM_SUFFIX = ".stem.mp4"
_SAMPLE = "https://github.com/sigsep/sigsep-mus-db/releases/download/v0.4.0/MUSDB18-7-STEMS.zip"
# As the record https://zenodo.org/records/3270814 of the same archive states it.
_CHECKSUM = "md5:dc2bdfac5b46ce742bd60009866758a5"


def load(
    root: str | os.PathLike,
    subset: str | None = None,
    split: str | None = None,
    sources: Sequence[str] = ("vocals", "accompaniment"),
    *,
    protocol: str = "86/14",
    mixture: str = "sum",
    reader: str | None = None,
    download: bool = False,
) -> list[Track]:
    """Load MUSDB18, MUSDB18-HQ or the 7-second sample from its folder.

    100 songs for training and 50 for testing, stereo, 44.1 kHz. Samples are decoded only when they
    are read. A song that cannot be used is left out, with a warning that says why.

    `.stem.mp4` files are read by the package musdb, which starts FFmpeg, or by PyAV, which needs
    no program on PATH. Both return here the floats of the decoder, equal to 1e-7, and end where
    the table of frames in the file says. (musdb on its own rounds to 16 bits, clips at full scale,
    and continues to the end of the last AAC frame, up to 1023 samples of padding. Only what an
    encoder coded as noise (PNS) differs from decoder to decoder and after each seek.)

    PyAV seeks; FFmpeg, as musdb starts it, decodes from the beginning: a two-second piece from
    the end of a song of four minutes took 23 ms against 397 ms. For training, decode once:
    `sm.datasets.cache_as_wav(sm.datasets.musdb.load(root, "train"), folder)`.

    Expected files:

        root/train/A Classic Education - NightOwl.stem.mp4      MUSDB18, and its 7-second sample
        root/test/AM Contra - Heart Peripheral.stem.mp4

    or

        root/train/A Classic Education - NightOwl/vocals.wav    MUSDB18-HQ: drums.wav, bass.wav,
        root/test/AM Contra - Heart Peripheral/vocals.wav       other.wav and mixture.wav beside it

    MUSDB18 (4.7 GB) is at https://zenodo.org/records/1117372, HQ (22.7 GB) at
    https://zenodo.org/records/3338373; `load(root, download=True)` fetches the sample (147 MB).
    They are for non-commercial research; each song has its own licence.

    Args:
        root: str or path. The folder with `train` and `test` in it.
        subset: str. `"train"` or `"test"`. Defaults to `None`: both.
        split: str. `"train"` or `"valid"`, a part of the 100 songs for training.
            Defaults to `None`: all.
        sources: sequence of str. Of `"vocals"`, `"drums"`, `"bass"`, `"other"` and
            `"accompaniment"`, the sum of the last three. Defaults to
            `("vocals", "accompaniment")`.
        protocol: str. Which songs validate: `"86/14"`, the list of the package musdb, or
            `"75/25"`, NumPy's choice of 25 with seed 1337, as for Wave-U-Net. Both are in
            `data/splits/musdb18.csv`. Defaults to `"86/14"`.
        mixture: str. `"sum"`: the sum of the stems, as in the evaluation campaigns; `"shipped"`:
            the one in the file, which was coded separately and differs slightly.
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
        FileNotFoundError: no such folder, no songs in it, or no song with all its stems.
        ConnectionError: the sample cannot be fetched.
        ValueError: unknown `subset`, `split`, source, `protocol`, `mixture` or `reader`.

    Reference:

    - Rafii, Liutkus, Stoeter, Mimilakis and Bittner (2017). "The MUSDB18 corpus for music
      separation". [doi:10.5281/zenodo.1117372](https://doi.org/10.5281/zenodo.1117372)
    """
    _checks.one_of(
        subset=(subset, (None, "train", "test")),
        split=(split, (None, "train", "valid")),
        protocol=(protocol, ("86/14", "75/25")),
        mixture=(mixture, ("sum", "shipped")),
        reader=(reader, (None, "musdb", "pyav")),
    )
    for source in sources:
        _checks.one_of(sources=(source, (*song_folders.BAND, "vocals", "accompaniment")))
    divided = split is None or subset == "train"
    _checks.require(divided, "split divides subset='train' only", split=split, subset=subset)
    root = pathlib.Path(root)
    if download and not (root / "train").is_dir():
        fetch_sample(root)
    if reader is None:
        reader = "musdb" if _has_musdb() else "pyav"
    rows = {row["song"]: row for row in splits.read("musdb18")}
    entries = []
    for part in ("train", "test") if subset is None else (subset,):
        for name, song in _find_songs(root / part).items():
            row = rows.get(name, {"genre": "", protocol: "train"})
            role = "test" if part == "test" else row[protocol]
            if split in (None, role):
                entries.append((name, song, {"domain": row["genre"], "split": role}))

    def make(entry):
        name, song, labels = entry
        if isinstance(song, song_folders.SongFolder):
            stems, shipped = song_folders.find_stems(song, sources)
        else:
            stems, shipped = read_streams(song, sources, reader)
        return Track(name, stems, shipped if mixture == "shipped" else None, **labels)

    return song_folders.load_tracks(entries, make, root, load)


def _find_songs(folder):
    """The songs of a part of the corpus: name to the path of a stem file, or to a `SongFolder`."""
    paths = [path for path in song_folders.walk(folder) if path.name.endswith(STEM_SUFFIX)]
    names = [song_folders.normalize_name(path.name.removesuffix(STEM_SUFFIX)) for path in paths]
    return dict(zip(names, paths, strict=True)) or song_folders.find_songs(folder)


def read_streams(path: pathlib.Path, sources: Sequence[str], reader: str = "pyav") -> tuple:
    """Open the stems of a `.stem.mp4` file.

    Args:
        path: path. The file.
        sources: sequence of str. As of `load`.
        reader: str. `"musdb"` or `"pyav"`. Defaults to `"pyav"`.

    Returns:
        dict of source to reader, and the reader of the mixture.

    Raises:
        AudioError: the file is damaged or has fewer than five streams.
    """
    make = FileReader
    if reader == "musdb":
        audio.info(path, _STREAMS["vocals"])  # ffprobe would not name a damaged file
        song = _import_musdb().MultiTrack(str(path), path.name, stem_id=_STREAMS["mixture"])
        make = partial(MusdbReader, song=song)
    streams = {name: make(str(path), stream=index) for name, index in _STREAMS.items()}
    band = SumReader(tuple(streams[part] for part in song_folders.BAND))
    known = {**streams, "accompaniment": band}
    return {source: known[source] for source in sources}, streams["mixture"]


def fetch_sample(
    root: str | os.PathLike,
    url: str = _SAMPLE,
    checksum: str | None = _CHECKSUM,
    progress: bool = True,
) -> None:
    """Fetch the 7-second sample of MUSDB18, 147 MB, and unpack it.

    Args:
        root: str or path. The folder for `train` and `test`, created if missing.
        url: str. A zip archive. Defaults to that which the package musdb fetches.
        checksum: str. Of the archive, such as `"md5:..."`. With `None`, only the checksum of each
            song in the archive is compared. Defaults to the one that Zenodo states.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Raises:
        ConnectionError: the archive cannot be reached, or the connection broke off.
        ValueError: the archive has another checksum, or is damaged.
    """
    root = pathlib.Path(root)
    archive, unpacked = root / "sample.zip", root / ".unpacking"
    shutil.rmtree(unpacked, ignore_errors=True)
    unzip = pooch.Unzip(extract_dir=unpacked.name)
    try:
        pooch.retrieve(url, checksum, archive.name, root, unzip, progressbar=progress)
    except OSError as error:
        raise ConnectionError(
            f"{url} could not be fetched ({error}). Check the network, or fetch the file by other "
            f"means and save it as {archive}"
        ) from None
    except zipfile.BadZipFile as error:
        raise ValueError(f"{archive} is damaged ({error}); delete it and fetch it again") from None
    for part in ("test", "train"):  # `train` last: when it is there, everything is
        for found in list(unpacked.rglob(part)):
            if not (root / part).exists():
                found.replace(root / part)
    shutil.rmtree(unpacked)
    archive.unlink()


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class MusdbReader(FileReader):
    """A stem of a `.stem.mp4` file, decoded by the FFmpeg that musdb starts."""

    song: Any = None  # musdb.MultiTrack

    def read(self, start: int, stop: int, cache: dict) -> np.ndarray:
        rate, channels, _ = self.info()
        samples, _ = _import_musdb().stempeg.read_stems(
            self.path,
            stem_id=self.stream,
            start=start / rate,
            duration=(stop - start + 1) / rate,  # in seconds, which may round one sample off
            info=self.song.info,
            ffmpeg_format="f32le",
            dtype=np.float32,
        )
        samples = np.reshape(samples, (-1, channels))[: stop - start]
        missing = stop - start - len(samples)  # FFmpeg returns silence where a file breaks off
        check_whole(self.path, missing, tolerance=rate // 100)
        return np.pad(samples, ((0, missing), (0, 0)))


def _import_musdb():
    _checks.installed("musdb", "reader='pyav'")
    import musdb

    return musdb


def _has_musdb():
    try:
        _checks.installed("musdb", "reader='pyav'")
    except ImportError:
        return False
    return True
