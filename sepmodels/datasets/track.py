"""A song as a separator sees it: named stems that add up to the mixture."""

import os
from collections.abc import Mapping

from sepmodels import audio
from sepmodels.datasets.stem_readers import ArraySignal, FileSignal, check_agreement


class Track:
    """A song with its stems; nothing is read from disk until it is asked for.

    The mixture is the sum of the stems, unless the corpus ships one. Tracks pickle, so they
    travel to other processes.

    Args:
        name: str. Name of the song, unique in its corpus.
        stems: dict of str to signal. A signal has `info()` and `read(start, stop, seen)`, as
            `ArraySignal`, `FileSignal` and `SumSignal` have. Prefer `Track.from_arrays` and
            `Track.from_files`.
        mixture: signal. The mixture that the corpus ships. Defaults to `None`: the sum.
        group: str. What must not be split between training and validation, such as the
            backing that two songs share. Defaults to `None`: the name.
        domain: str. What a domain confusion must not be able to tell apart: the genre, the
            corpus, the instrument, the singer. Defaults to `None`: not told, `""`.
        split: str. `"train"`, `"valid"` or `"test"`: the part that the corpus gives the song.
            Defaults to `None`: none.

    Attributes: `name`, `group`, `domain`, `split`, `sources` (tuple of str), `sample_rate` in Hz,
    `length` in samples, `channels`; `signals`, where each stem comes from, and `shipped`, where the
    mixture does, if not from them; and `labels`, a dict of `group`, `domain` and `split`, to hand
    on to a track made of this one.

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

    def __init__(self, name, stems, mixture=None, group=None, domain=None, split=None):
        if not stems:
            raise ValueError(f"track {name!r} has no stems; give at least one")
        if split not in (None, "train", "valid", "test"):
            raise ValueError(
                f"`split` must be None, 'train', 'valid' or 'test'. Received: split={split!r}"
            )
        self.name = name
        self.sources = tuple(stems)
        self.group = name if group is None else group
        self.domain = domain or ""
        self.split = split
        self.signals = dict(stems)
        self.shipped = mixture
        shipped = [] if mixture is None else [mixture]
        self.sample_rate, self.channels, self.length = check_agreement(
            f"track {name!r}", [*stems.values(), *shipped]
        )

    @classmethod
    def from_arrays(cls, name, stems, sample_rate, mixture=None, **labels):
        """Make a track of arrays.

        Args:
            name: str. Name of the song.
            stems: dict of str to array `(time, channels)`.
            sample_rate: int. In Hz.
            mixture: array `(time, channels)`. Defaults to `None`: the sum of the stems.
            **labels: `group`, `domain` and `split` of `Track`.
        """
        signals = {
            source: ArraySignal(source, samples, sample_rate) for source, samples in stems.items()
        }
        if mixture is not None:
            mixture = ArraySignal("mixture", mixture, sample_rate)
        return cls(name, signals, mixture, **labels)

    @classmethod
    def from_files(cls, name, stems, mixture=None, **labels):
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
        signals = {source: _file_signal(place) for source, place in stems.items()}
        return cls(name, signals, None if mixture is None else _file_signal(mixture), **labels)

    @property
    def labels(self):
        """What is said about the song besides its samples: `group`, `domain` and `split`."""
        return {"group": self.group, "domain": self.domain, "split": self.split}

    @property
    def stems(self):
        """Mapping of source to all its samples `(time, channels)`, read anew at each access."""
        return _Stems(self)

    @property
    def mixture(self):
        """All samples of the mixture, float32 `(time, channels)`."""
        if self.shipped is not None:
            return self.shipped.read(0, self.length, {})
        return sum(self.read(0, self.length).values())

    def read(self, start, stop, sources=None):
        """Read a piece of the stems; nothing else is read from disk.

        Args:
            start: int. First sample.
            stop: int. One past the last sample, at most `length`.
            sources: sequence of str. Defaults to `None`: all.

        Returns:
            dict of str to float32 `(stop - start, channels)`.

        Raises:
            ValueError: the piece does not lie within the song, or its file has changed.
        """
        if not 0 <= start <= stop <= self.length:
            raise ValueError(
                f"track {self.name!r} has {self.length} samples. "
                f"Received: start={start}, stop={stop}"
            )
        seen = {}  # a file that holds several stems is read once
        sources = self.sources if sources is None else sources
        return {source: self.signals[source].read(start, stop, seen) for source in sources}

    def resampled(self, sample_rate):
        """The same track at another rate, held in memory.

        Args:
            sample_rate: int. In Hz.

        Returns:
            A `Track`; itself where the rate is that already.
        """
        if sample_rate == self.sample_rate:
            return self

        def convert(samples):
            return audio.resample(samples, self.sample_rate, sample_rate)

        stems = {source: convert(samples) for source, samples in self.stems.items()}
        mixture = convert(self.mixture) if self.shipped is not None else None
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


def _file_signal(place):
    path, channel = place if isinstance(place, tuple) else (place, None)
    return FileSignal(os.fspath(path), channel)
