"""What an example is made of: which songs, from where, how loud."""

from typing import NamedTuple

import numpy as np

TYPES = ("int64", "int64", "int64", "float32", "bool", "bool", "bool", "float32", "float32")


class Parts(NamedTuple):
    """What the sources of an example are made of: arrays with one number for each source."""

    tracks: np.ndarray  # int64. Numbers in the list of tracks.
    starts: np.ndarray  # int64. First sample.
    stops: np.ndarray  # int64. One past the last sample.
    gains: np.ndarray  # float32.
    swaps: np.ndarray  # bool. Whether left and right change places.
    flips: np.ndarray  # bool. Whether the sign changes.
    mutes: np.ndarray  # bool. Whether it is silent.
    tempi: np.ndarray  # float32.
    semitones: np.ndarray  # float32.

    @classmethod
    def plain(cls, track, start, stop, count):
        """One piece of one track, as it is, for `count` sources."""
        return cls.of([(track, start, stop, 1, False, False, False, 1, 0)] * count)

    @classmethod
    def of(cls, rows):
        """Take one row of numbers for each source."""
        columns = zip(TYPES, zip(*rows, strict=True), strict=True)
        return cls(*(np.array(column, dtype) for dtype, column in columns))


class Draw:
    """What example number `i` is made of, by `tracks`, `seed` and `i` alone: `draw(i)`."""

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
        self._lengths = [track.length for track in tracks]
        self._length = length
        self._augment = augment
        self._seed = seed

    def __call__(self, number):
        # Evenly spread doubles are the one stream that NumPy has never changed. What is new
        # draws behind what is old, so that old trainings go on with the examples they had.
        random = np.random.default_rng([self._seed, int(number)])
        count = len(self._wheels)
        cross, *old = random.random(1 + 4 * count)
        mute, which, *new = random.random(2 + 4 * count)
        muted = int(which * count) if mute < self._augment.silence else None
        places = np.reshape(old, (-1, 4))
        changes = np.reshape(new, (-1, 4))
        together = cross >= self._augment.cross_songs
        rows = []
        for source, wheel in enumerate(self._wheels):
            leader = 0 if together else source
            tempo, semitones = self._speed(*changes[leader, 1:])
            place = self._place(self._whole_wheel if together else wheel, tempo, places[leader])
            gain = _between(self._augment.gains, places[source, 2])
            swap = places[source, 3] < self._augment.swap_channels
            flip = changes[source, 0] < self._augment.flip_polarity
            rows.append((*place, gain, swap, flip, source == muted, tempo, semitones))
        return Parts.of(rows)

    def _speed(self, whether, faster, higher):
        if whether >= self._augment.stretched:
            return 1.0, 0.0
        return _between(self._augment.tempi, faster), _between(self._augment.semitones, higher)

    def _place(self, wheel, tempo, random):
        """A track in proportion to its duration, and a piece of it, evenly."""
        track = int(np.searchsorted(wheel, random[0] * wheel[-1], side="right"))
        size = int(np.ceil(self._length * tempo))
        start = int(random[1] * (max(self._lengths[track] - size, 0) + 1))
        return track, start, min(start + size, self._lengths[track])


def _between(interval, share):
    low, high = interval
    return low + (high - low) * share
