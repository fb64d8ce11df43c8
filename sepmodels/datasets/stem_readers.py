"""Readers of a stem: from an array, a file, one channel or stream of a file, or a sum of stems.

A reader has three methods. `info()` returns the `audio.Info` of the stem. `read(start, stop,
cache)` returns float32 `(stop - start, channels)`; the dict `cache` holds the pieces of files that
were already read for this track. `stamp()` returns a string that changes when the samples change.
"""

import dataclasses
import os
import zlib

import numpy as np

from sepmodels import _checks, audio
from sepmodels.audio.file import check_whole


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class ArrayReader:
    """A stem in memory."""

    label: str
    samples: np.ndarray
    sample_rate: int

    def __post_init__(self):
        samples = _checks.sound(self.label, self.samples).astype("float32", copy=False)
        object.__setattr__(self, "samples", samples)

    def __repr__(self):
        return self.label

    def info(self) -> audio.Info:
        length, channels = self.samples.shape
        return audio.Info(self.sample_rate, channels, length)

    def read(self, start: int, stop: int, cache: dict) -> np.ndarray:
        return self.samples[start:stop]

    def stamp(self) -> str:
        return f"{self.sample_rate} {zlib.crc32(np.ascontiguousarray(self.samples).data)}"


@dataclasses.dataclass(frozen=True, repr=False)
class FileReader:
    """A stem in a file, in one of its channels, or in one of its audio streams."""

    path: str
    channel: int | None = None
    stream: int | None = None

    def __repr__(self):
        if self.stream is not None:
            return f"{self.path} (stream {self.stream})"
        return self.path if self.channel is None else f"{self.path} (channel {self.channel})"

    def info(self) -> audio.Info:
        info = audio.info(self.path, self.stream)
        if self.channel is None:
            return info
        rule = f"{self.path} has {info.channels} channels, counted from 0"
        _checks.require(0 <= self.channel < info.channels, rule, channel=self.channel)
        return info._replace(channels=1)

    def read(self, start: int, stop: int, cache: dict) -> np.ndarray:
        stream = self.path, self.stream
        if stream not in cache:
            cache[stream], _ = audio.read(self.path, start, stop, self.stream)
            check_whole(self.path, stop - start - len(cache[stream]))  # cut since it was opened
        samples = cache[stream]
        return samples if self.channel is None else samples[:, self.channel : self.channel + 1]

    def stamp(self) -> str:
        status = os.stat(self.path)
        part = self.channel if self.stream is None else self.stream
        return f"{os.path.basename(self.path)} {status.st_size} {status.st_mtime_ns} {part}"


@dataclasses.dataclass(frozen=True, repr=False)
class SumReader:
    """A stem that is a sum of readers, minus others.

    An accompaniment is the sum of drums, bass and other, or the mixture minus the vocals.
    """

    added: tuple
    subtracted: tuple = ()

    def __repr__(self):
        return " - ".join([" + ".join(map(repr, self.added)), *map(repr, self.subtracted)])

    def info(self) -> audio.Info:
        return check_agreement(repr(self), (*self.added, *self.subtracted))

    def read(self, start: int, stop: int, cache: dict) -> np.ndarray:
        added = sum(reader.read(start, stop, cache) for reader in self.added)
        return added - sum(reader.read(start, stop, cache) for reader in self.subtracted)

    def stamp(self) -> str:
        added = " + ".join(reader.stamp() for reader in self.added)
        return " - ".join([added, *(reader.stamp() for reader in self.subtracted)])


def find_paths(reader):
    """Return the paths of all files that a reader reads."""
    parts = (*getattr(reader, "added", ()), *getattr(reader, "subtracted", ()))
    own = [reader.path] if hasattr(reader, "path") else []
    return own + [path for part in parts for path in find_paths(part)]


def check_agreement(owner, readers):
    """Return the `audio.Info` that all readers have, or name the one that differs."""
    first, *others = [(reader, reader.info()) for reader in readers]
    for reader, info in others:
        if info != first[1]:
            raise ValueError(
                f"{owner}: stems must agree in length, rate and channels: {reader} has "
                f"{_describe(info)}, but {first[0]} has {_describe(first[1])}. Export them from "
                "one start to one end, or append silence to the shorter one"
            )
    return first[1]


def _describe(info):
    return f"{info.length} samples, {info.sample_rate} Hz, {info.channels} channels"
