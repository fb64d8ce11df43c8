"""What an example is made of: which songs, from where, how loud."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Augment:
    """How segments are remixed before training; the default changes nothing.

    Args:
        gains: pair of float. Each source of an example is scaled by one factor drawn evenly from
            this interval. Defaults to `(1.0, 1.0)`.
        cross_songs: float. Share of the examples whose sources are drawn independently of each
            other: from other songs, at other times. Defaults to `0.0`.
        swap_channels: float. Share of the sources whose left and right change places.
            Defaults to `0.0`.
    """

    gains: tuple = (1.0, 1.0)
    cross_songs: float = 0.0
    swap_channels: float = 0.0

    def __post_init__(self):
        if not 0 <= self.gains[0] <= self.gains[1]:
            raise ValueError(f"`gains` must be (low, high), 0 <= low. Received: {self.gains}")
        for name in ("cross_songs", "swap_channels"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={share}")


class Draw:
    """What example number `i` is made of: for each source a track, a start, a gain, a swap."""

    def __init__(self, tracks, length, sources, augment, seed):
        lengths = np.array([track.length for track in tracks], "float64")
        has = np.array([[source in track.sources for source in sources] for track in tracks])
        for source, found in zip(sources, has.any(axis=0), strict=True):
            if not found:
                raise ValueError(f"no track has the source {source!r}")
        if augment.cross_songs < 1 and not has.all(axis=1).any():
            raise ValueError(
                f"no track has all the sources {sources}; set `cross_songs` to 1 to mix songs"
            )
        if augment.cross_songs == 0 and not has.all():
            track = tracks[int(np.argmin(has.all(axis=1)))]
            raise ValueError(
                f"{track} lacks some of the sources {sources} and would never be heard; "
                "leave it out, or set `cross_songs`"
            )
        self._wheels = [np.cumsum(lengths * column) for column in has.T]
        self._whole_wheel = np.cumsum(lengths * has.all(axis=1))
        self._starts = np.maximum(lengths - length, 0) + 1
        self._augment = augment
        self._seed = seed

    def __call__(self, number):
        # Evenly spread doubles are the one stream that NumPy has never changed.
        random = np.random.default_rng([self._seed, int(number)])
        cross, *rest = random.random(1 + 4 * len(self._wheels))
        rows = np.reshape(rest, (-1, 4))
        low, high = self._augment.gains
        parts = []
        for wheel, row in zip(self._wheels, rows, strict=True):
            place = row
            if cross >= self._augment.cross_songs:
                wheel, place = self._whole_wheel, rows[0]
            track = int(np.searchsorted(wheel, place[0] * wheel[-1], side="right"))
            begin = int(place[1] * self._starts[track])
            gain = low + (high - low) * row[2]
            parts.append((track, begin, gain, row[3] < self._augment.swap_channels))
        return columns(parts)


def columns(parts):
    """Turn `(track, start, gain, swap)` of each source into four arrays."""
    tracks, starts, gains, swaps = zip(*parts, strict=True)
    return (
        np.array(tracks, "int64"),
        np.array(starts, "int64"),
        np.array(gains, "float32"),
        np.array(swaps, "bool"),
    )
