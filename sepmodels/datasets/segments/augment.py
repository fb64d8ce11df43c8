"""How stems are remixed before training, and the functions that do it, each on one stem.

A stem is `(time, channels)`, an array or a tensor. The mixture is summed from what they return.
Tempo and pitch are `sepmodels.audio.stretch`.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Augment:
    """How segments are remixed before training; the default changes nothing.

    What belongs together stays together: tempo and pitch change for all sources of an example
    at once, unless these come from different songs.

    Args:
        gains: pair of float. Each source of an example is scaled by one factor drawn evenly from
            this interval. Defaults to `(1.0, 1.0)`.
        cross_songs: float. Share of the examples whose sources are drawn independently of each
            other: from other songs, at other times. Defaults to `0.0`.
        swap_channels: float. Share of the sources whose left and right change places.
            Defaults to `0.0`.
        flip_polarity: float. Share of the sources whose samples change sign. Defaults to `0.0`.
        silence: float. Share of the examples in which one source, any of them, is silent.
            Defaults to `0.0`.
        semitones: pair of float. The pitch moves by a number drawn evenly from this interval.
            Defaults to `(0.0, 0.0)`.
        tempi: pair of float. The tempo is multiplied by a number drawn evenly from this
            interval. Defaults to `(1.0, 1.0)`.
        stretched: float. Share of the examples whose pitch and tempo change, which takes longer
            than all the rest. Defaults to `1.0`.

    Raises:
        ValueError: an interval or a share that is none.
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
        if not 0 <= self.gains[0] <= self.gains[1]:
            raise ValueError(f"`gains` must be (low, high), 0 <= low. Received: {self.gains}")
        if not self.semitones[0] <= self.semitones[1]:
            raise ValueError(f"`semitones` must be (low, high). Received: {self.semitones}")
        if not 0 < self.tempi[0] <= self.tempi[1]:
            raise ValueError(f"`tempi` must be (low, high), 0 < low. Received: {self.tempi}")
        for name in ("cross_songs", "swap_channels", "flip_polarity", "silence", "stretched"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={share}")

    @property
    def stretches(self):
        """Whether any example changes its pitch or tempo."""
        keeps = self.stretched == 0 or (self.semitones, self.tempi) == ((0, 0), (1, 1))
        return not keeps


def scale(stem, gain):
    """Make a stem louder or softer, by one factor for all its samples."""
    return stem * gain


def flip_polarity(stem):
    """Turn the wave upside down."""
    return -stem


def swap_channels(stem):
    """Let left and right change places."""
    return stem[:, ::-1]


def silence(stem):
    """Nothing of the stem but its length."""
    return stem * 0


def mix(stems):
    """The mixture of stems, a dict: their sum, as they are."""
    return sum(stems.values())
