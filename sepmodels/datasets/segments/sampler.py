"""`SegmentSampler`: from which songs and positions an example is taken, and how it is changed."""

from typing import NamedTuple

import numpy as np

from sepmodels import _checks


class SegmentPlan(NamedTuple):
    """What an example is made of: arrays with one number for each source."""

    tracks: np.ndarray  # int64. Indices into the list of tracks.
    starts: np.ndarray  # int64. First sample.
    stops: np.ndarray  # int64. One past the last sample.
    gains: np.ndarray  # float32.
    swaps: np.ndarray  # bool. Whether left and right are exchanged.
    flips: np.ndarray  # bool. Whether the sign changes.
    mutes: np.ndarray  # bool. Whether the source is silent.
    tempi: np.ndarray  # float32.
    semitones: np.ndarray  # float32.

    @classmethod
    def from_rows(cls, rows):
        """Make a plan of one row of numbers for each source."""
        columns = zip(PLAN_TYPES, zip(*rows, strict=True), strict=True)
        return cls(*(np.array(column, dtype) for dtype, column in columns))

    @classmethod
    def unchanged(cls, track, start, stop, count):
        """Make a plan of one piece of one track for `count` sources, without any change."""
        return cls.from_rows([(track, start, stop, 1, False, False, False, 1, 0)] * count)


PLAN_TYPES = ("int64", "int64", "int64", "float32", "bool", "bool", "bool", "float32", "float32")


class SegmentSampler:
    """Draws the plan of example `number` from `seed` and `number` alone.

    Args:
        tracks: list of `Track`.
        length: int. Length of a segment, in samples.
        sources: sequence of str.
        augment: `Augment`.
        seed: int.

    Raises:
        ValueError: a source is in no track, or a track would never be drawn.
    """

    def __init__(self, tracks, length, sources, augment, seed):
        has = np.array([[source in track.sources for source in sources] for track in tracks])
        for source, found in zip(sources, has.any(axis=0), strict=True):
            _checks.require(found, f"no track has the source {source!r}", sources=sources)
        complete, share = has.all(axis=1), augment.cross_songs
        rule = "no track has all the sources; set cross_songs to 1 to mix songs"
        received = {"sources": sources, "cross_songs": share}
        _checks.require(share == 1 or complete.any(), rule, **received)
        undrawn = tracks[int(np.argmin(complete))]
        rule = f"{undrawn} would never be drawn; omit it or set cross_songs"
        _checks.require(share > 0 or complete.all(), rule, **received)
        self._lengths = [track.length for track in tracks]
        # Cumulative durations: of the tracks that have a source, and of those that have all.
        durations = np.array(self._lengths, "float64")
        self._by_source = [np.cumsum(durations * column) for column in has.T]
        self._complete = np.cumsum(durations * complete)
        self._length = length
        self._augment = augment
        self._seed = seed

    def __call__(self, number):
        # Uniform doubles are the one stream that NumPy has never changed. A newer augmentation
        # draws after the older ones, so that earlier trainings resume with the same examples.
        random = np.random.default_rng([self._seed, int(number)])
        count = len(self._by_source)
        cross, *old = random.random(1 + 4 * count)
        mute, which, *new = random.random(2 + 4 * count)
        muted = int(which * count) if mute < self._augment.silence else None
        choices = np.reshape(old, (-1, 4))  # of each source: track, start, gain, swap
        changes = np.reshape(new, (-1, 4))  # flip, whether stretched, tempo, semitones
        together = cross >= self._augment.cross_songs
        rows = []
        for source, durations in enumerate(self._by_source):
            leader = 0 if together else source
            tempo, semitones = self._draw_speed(*changes[leader, 1:])
            durations = self._complete if together else durations
            piece = self._draw_piece(durations, tempo, choices[leader])
            gain = _interpolate(self._augment.gains, choices[source, 2])
            swap = choices[source, 3] < self._augment.swap_channels
            flip = changes[source, 0] < self._augment.flip_polarity
            rows.append((*piece, gain, swap, flip, source == muted, tempo, semitones))
        return SegmentPlan.from_rows(rows)

    def _draw_speed(self, whether, tempo, semitones):
        if whether >= self._augment.stretched:
            return 1.0, 0.0
        augment = self._augment
        return _interpolate(augment.tempi, tempo), _interpolate(augment.semitones, semitones)

    def _draw_piece(self, durations, tempo, random):
        """A track with a probability proportional to its duration, and a uniform piece of it."""
        track = int(np.searchsorted(durations, random[0] * durations[-1], side="right"))
        size = int(np.ceil(self._length * tempo))
        start = int(random[1] * (max(self._lengths[track] - size, 0) + 1))
        return track, start, min(start + size, self._lengths[track])


def _interpolate(interval, share):
    low, high = interval
    return low + (high - low) * share
