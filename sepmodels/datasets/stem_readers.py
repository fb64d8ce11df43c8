"""Where the samples of a stem come from: an array, a file, a part of one, a sum of stems.

A signal has `info()`, which gives its `audio.Info`; `read(start, stop, seen)`, which gives
float32 `(stop - start, channels)`, where `seen` holds the pieces of files read so far for this
track; and `stamp()`, a string that changes when the samples do.
"""

import dataclasses
import os
import zlib

import numpy as np

from sepmodels import audio
from sepmodels.audio import mp4
from sepmodels.audio.file import check_whole


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class ArraySignal:
    """A stem in memory."""

    label: str
    samples: np.ndarray
    sample_rate: int

    def __post_init__(self):
        samples = np.asarray(self.samples, "float32")
        if samples.ndim != 2 or 0 in samples.shape:
            raise ValueError(
                f"{self.label}: samples must be (time, channels). Received: {samples.shape}"
            )
        if not np.isfinite(samples).all():
            raise ValueError(f"{self.label}: samples hold NaN or infinity")
        object.__setattr__(self, "samples", samples)

    def __repr__(self):
        return self.label

    def info(self):
        length, channels = self.samples.shape
        return audio.Info(self.sample_rate, channels, length)

    def read(self, start, stop, seen):
        return self.samples[start:stop]

    def stamp(self):
        return f"{self.sample_rate} {zlib.crc32(np.ascontiguousarray(self.samples))}"


@dataclasses.dataclass(frozen=True, repr=False)
class FileSignal:
    """A stem in a file, or in one channel of it."""

    path: str
    channel: int | None = None

    def __repr__(self):
        return self.path if self.channel is None else f"{self.path} (channel {self.channel})"

    def info(self):
        info = audio.info(self.path)
        if self.channel is None:
            return info
        if not 0 <= self.channel < info.channels:
            raise ValueError(
                f"{self.path} has {info.channels} channels. Received: channel={self.channel}"
            )
        return info._replace(channels=1)

    def read(self, start, stop, seen):
        if self.path not in seen:
            seen[self.path] = _whole(self.path, stop - start, *audio.read(self.path, start, stop))
        samples = seen[self.path]
        return samples if self.channel is None else samples[:, self.channel : self.channel + 1]

    def stamp(self):
        return file_stamp(self.path, self.channel)


@dataclasses.dataclass(frozen=True, repr=False)
class StreamSignal:
    """A stem that is one audio stream of an mp4 file, decoded by PyAV."""

    path: str
    index: int

    def __repr__(self):
        return f"{self.path} (stream {self.index})"

    def info(self):
        with mp4.opened(self.path, self.index) as (_, header):
            return header

    def read(self, start, stop, seen):
        piece = audio.read_stream(self.path, self.index, start, stop)
        return _whole(self.path, stop - start, *piece)

    def stamp(self):
        return file_stamp(self.path, self.index)


@dataclasses.dataclass(frozen=True, repr=False)
class SumSignal:
    """A stem that is the sum of others, such as an accompaniment of drums, bass and other."""

    parts: tuple

    def __repr__(self):
        return " + ".join(map(repr, self.parts))

    def info(self):
        return check_agreement(repr(self), self.parts)

    def read(self, start, stop, seen):
        return sum(part.read(start, stop, seen) for part in self.parts)

    def stamp(self):
        return " + ".join(part.stamp() for part in self.parts)


@dataclasses.dataclass(frozen=True, repr=False)
class DifferenceSignal:
    """What is left of a signal without a part of it: an accompaniment, of mixture and voice."""

    whole: object
    part: object

    def __repr__(self):
        return f"{self.whole} - {self.part}"

    def info(self):
        return check_agreement(repr(self), (self.whole, self.part))

    def read(self, start, stop, seen):
        return self.whole.read(start, stop, seen) - self.part.read(start, stop, seen)

    def stamp(self):
        return f"{self.whole.stamp()} - {self.part.stamp()}"


def file_stamp(path, part):
    """Name, size and time of change of a file, and which part of it is meant."""
    status = os.stat(path)
    return f"{os.path.basename(path)} {status.st_size} {status.st_mtime_ns} {part}"


def _whole(path, length, samples, sample_rate):
    """Return the samples, unless the file has become shorter since it was opened."""
    check_whole(path, length - len(samples))
    return samples


def check_agreement(owner, signals):
    """Return the `audio.Info` that all signals have, or say which one differs."""
    first, *others = [(signal, signal.info()) for signal in signals]
    for signal, info in others:
        if info != first[1]:
            raise ValueError(
                f"{owner}: stems must agree in length, rate and channels: {signal} has "
                f"{_described(info)}, but {first[0]} has {_described(first[1])}"
            )
    return first[1]


def _described(info):
    return f"{info.length} samples, {info.sample_rate} Hz, {info.channels} channels"
