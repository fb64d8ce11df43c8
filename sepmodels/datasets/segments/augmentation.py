"""`Augment`: random changes of segments, and random mixtures of songs, for training."""

import dataclasses

from sepmodels import _checks


@dataclasses.dataclass(frozen=True)
class Augment:
    """Random changes of segments, and random mixtures of songs. The default changes nothing.

    Tempo and pitch change alike for all sources of an example, unless these come from different
    songs.

    Args:
        gains: pair of float. Each source of an example is multiplied by one factor drawn uniformly
            from this interval. Defaults to `(1.0, 1.0)`.
        cross_songs: float. Share of the examples whose sources are drawn independently of each
            other, from different songs and positions. Defaults to `0.0`.
        swap_channels: float. Share of the sources whose left and right channels are exchanged.
            Defaults to `0.0`.
        flip_polarity: float. Share of the sources whose samples change sign. Defaults to `0.0`.
        silence: float. Share of the examples in which one source, any of them, is silent.
            Defaults to `0.0`.
        semitones: pair of float. The pitch is shifted by a number of semitones drawn uniformly
            from this interval. Defaults to `(0.0, 0.0)`.
        tempi: pair of float. The tempo is multiplied by a number drawn uniformly from this
            interval. Defaults to `(1.0, 1.0)`.
        stretched: float. Share of the examples whose pitch and tempo change. This takes more time
            than all other changes together. Defaults to `1.0`.

    Raises:
        ValueError: an interval is not `(low, high)`, or a share is not in [0, 1].
    """

    gains: tuple = (1.0, 1.0)
    cross_songs: float = 0.0
    swap_channels: float = 0.0
    flip_polarity: float = 0.0
    silence: float = 0.0
    semitones: tuple = (0.0, 0.0)
    tempi: tuple = (1.0, 1.0)
    stretched: float = 1.0

    def __post_init__(self):
        fits = {
            "gains": 0 <= self.gains[0] <= self.gains[1],
            "semitones": self.semitones[0] <= self.semitones[1],
            "tempi": 0 < self.tempi[0] <= self.tempi[1],
        }
        for name, fit in fits.items():
            rule = f"{name} must be (low, high); a factor must not be negative, nor a tempo 0"
            _checks.require(fit, rule, **{name: getattr(self, name)})
        for name in ("cross_songs", "swap_channels", "flip_polarity", "silence", "stretched"):
            share = getattr(self, name)
            _checks.require(0 <= share <= 1, f"{name} must be in [0, 1]", **{name: share})

    @property
    def stretches(self) -> bool:
        """Whether the pitch or tempo of any example changes."""
        return self.stretched > 0 and (self.semitones, self.tempi) != ((0, 0), (1, 1))
