"""`Track`: a song with its stems."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from sepmodels import _checks, audio
from sepmodels.datasets.stem_readers import ArrayReader, FileReader, check_agreement


class Track:
    """A song with its stems. Samples are read from disk only when they are needed.

    The mixture is the sum of the stems, unless the corpus ships one. A track can be pickled and
    sent to another process.

    Args:
        name: str. Name of the song, unique in its corpus.
        stems: dict of str to reader, see `datasets.stem_readers`. `Track.from_arrays` and
            `Track.from_files` make the readers.
        mixture: reader. The mixture that the corpus ships. Defaults to `None`: the sum.
        group: str. Tracks of one group, such as two songs with the same backing, must not be
            divided between training and validation. Defaults to `None`: the name.
        domain: str. What domain confusion should make indistinguishable: the genre, the corpus,
            the instrument or the singer. Defaults to `None`: unknown, `""`.
        split: str. `"train"`, `"valid"` or `"test"`: the part of the corpus to which the song
            belongs. Defaults to `None`: none.

    Attributes: `name`, `group`, `domain`, `split`, `sources` (tuple of str), `sample_rate` in Hz,
    `length` in samples, `channels`; `readers`, the dict of stems, and `mixture_reader`, that of the
    shipped mixture or `None`; `labels`, a dict of `group`, `domain` and `split`, to pass on to a
    track that is made of this one.

    Raises:
        ValueError: no stems, stems of different length, sample rate or channels, or an unknown
            `split`.

    Example:

    >>> stems = {"vocals": np.full((4, 1), 0.5), "accompaniment": np.full((4, 1), 0.25)}
    >>> track = sm.datasets.Track.from_arrays("la la", stems, sample_rate=16000)
    >>> track
    Track('la la', vocals + accompaniment, 0.0 s, 16000 Hz, 1 channel)
    >>> track.mixture[0].tolist()
    [0.75]
    >>> track.read(1, 3)["vocals"].shape
    (2, 1)
    """

    def __init__(
        self,
        name: str,
        stems: Mapping,
        mixture: Any = None,
        group: str | None = None,
        domain: str | None = None,
        split: str | None = None,
    ):
        _checks.require(stems, f"track {name!r} has no stems; give at least one", stems=stems)
        _checks.one_of(split=(split, (None, "train", "valid", "test")))
        for source in stems:  # which become names of files
            _checks.file_name("stems", source)
        self.name = name
        self.sources = tuple(stems)
        self.group = name if group is None else group
        self.domain = domain or ""
        self.split = split
        self.readers = dict(stems)
        self.mixture_reader = mixture
        readers = [*stems.values()] if mixture is None else [*stems.values(), mixture]
        self.sample_rate, self.channels, self.length = check_agreement(f"track {name!r}", readers)

    @classmethod
    def from_arrays(
        cls,
        name: str,
        stems: Mapping[str, np.ndarray],
        sample_rate: int,
        mixture: np.ndarray | None = None,
        **labels,
    ) -> Self:
        """Make a track of arrays.

        Args:
            name: str. Name of the song.
            stems: dict of str to array `(time, channels)`.
            sample_rate: int. In Hz.
            mixture: array `(time, channels)`. Defaults to `None`: the sum of the stems.
            **labels: `group`, `domain` and `split` of `Track`.
        """
        readers = {
            source: ArrayReader(source, samples, sample_rate) for source, samples in stems.items()
        }
        if mixture is not None:
            mixture = ArrayReader("mixture", mixture, sample_rate)
        return cls(name, readers, mixture, **labels)

    @classmethod
    def from_files(
        cls,
        name: str,
        stems: Mapping[str, str | os.PathLike | tuple],
        mixture: str | os.PathLike | tuple | None = None,
        **labels,
    ) -> Self:
        """Make a track of audio files.

        Args:
            name: str. Name of the song.
            stems: dict of str to path, or to `(path, channel)` where a stem is one channel of a
                file, as in karaoke corpora with the band on the left and the voice on the right.
            mixture: path, or `(path, channel)`. Defaults to `None`: the sum of the stems.
            **labels: `group`, `domain` and `split` of `Track`.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is no audio or has no such channel, or the stems do not agree.
        """
        readers = {source: _open(file) for source, file in stems.items()}
        return cls(name, readers, None if mixture is None else _open(mixture), **labels)

    @property
    def labels(self) -> dict:
        """What is known of the song besides its samples: `group`, `domain` and `split`."""
        return {"group": self.group, "domain": self.domain, "split": self.split}

    @property
    def stems(self) -> Mapping[str, np.ndarray]:
        """Mapping of source to all its samples `(time, channels)`, read at each access."""
        return _Stems(self)

    @property
    def mixture(self) -> np.ndarray:
        """All samples of the mixture, float32 `(time, channels)`."""
        if self.mixture_reader is not None:
            return self.mixture_reader.read(0, self.length, {})
        return np.asarray(sum(self.read(0, self.length).values()))

    def read(
        self, start: int, stop: int, sources: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Read a piece of the stems. Nothing else is read from disk.

        Args:
            start: int. First sample.
            stop: int. One past the last sample, at most `length`.
            sources: sequence of str. Defaults to `None`: all.

        Returns:
            dict of str to float32 `(stop - start, channels)`.

        Raises:
            ValueError: the piece does not lie within the song, or its file has changed.
        """
        rule = f"track {self.name!r} has {self.length} samples"
        _checks.require(0 <= start <= stop <= self.length, rule, start=start, stop=stop)
        cache: dict = {}  # a file that holds several stems is read once
        sources = self.sources if sources is None else sources
        return {source: self.readers[source].read(start, stop, cache) for source in sources}

    def resample(self, sample_rate: int) -> "Track":
        """Return the same track at a sample rate, with all samples in memory.

        Args:
            sample_rate: int. In Hz. With the track's own rate, the samples stay as they are.

        Returns:
            A `Track`.
        """

        def convert(samples):
            return audio.resample(samples, self.sample_rate, sample_rate)

        stems = {source: convert(samples) for source, samples in self.stems.items()}
        mixture = None if self.mixture_reader is None else convert(self.mixture)
        return Track.from_arrays(self.name, stems, sample_rate, mixture, **self.labels)

    def __repr__(self):
        channels = f"{self.channels} channel" + "s" * (self.channels > 1)
        return (
            f"Track({self.name!r}, {' + '.join(self.sources)}, "
            f"{self.length / self.sample_rate:.1f} s, {self.sample_rate} Hz, {channels})"
        )


class _Stems(Mapping):
    def __init__(self, track):
        self._track = track

    def __getitem__(self, source):
        if source not in self._track.sources:
            raise KeyError(f"{source!r}; track {self._track.name!r} has {self._track.sources}")
        return self._track.read(0, self._track.length, (source,))[source]

    def __iter__(self):
        return iter(self._track.sources)

    def __len__(self):
        return len(self._track.sources)


def _open(file):
    path, channel = file if isinstance(file, tuple) else (file, None)
    return FileReader(os.fspath(path), channel)
