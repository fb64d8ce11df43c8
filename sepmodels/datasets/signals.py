"""Where the samples of a stem come from: an array, a file, a channel of one, a sum of stems.

A signal has `info()`, which gives its `audio.Info`, and `read(start, stop, seen)`, which gives
float32 `(stop - start, channels)`; `seen` holds the pieces of files read so far for this track.
"""

import dataclasses

import numpy as np

from sepmodels import audio


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
            seen[self.path] = audio.read(self.path, start, stop)[0]
        samples = seen[self.path]
        return samples if self.channel is None else samples[:, self.channel : self.channel + 1]


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
