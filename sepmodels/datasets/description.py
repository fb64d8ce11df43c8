"""`describe`: durations, rates, channels and silence of a collection of songs."""

from collections.abc import Sequence

import numpy as np
import pandas
import pandas as pd

from sepmodels import _checks
from sepmodels.datasets.track import Track

_BLOCK = 10.0  # seconds that are read at a time
_WINDOW = 0.1  # seconds that are silent or not


def describe(tracks: Sequence[Track], silence: float = -60.0) -> pd.DataFrame:
    """Describe songs: how many, how long, at which rates, and what share of them is silent.

    Every song is read once, ten seconds at a time, so memory does not grow with the songs.
    `sm.display.plot_corpus` draws the table.

    Args:
        tracks: list of `Track`.
        silence: float. A tenth of a second whose level is lower is silent, in dB re full scale.
            Defaults to `-60.0`.

    Returns:
        pandas.DataFrame, one row for each source: the number of `songs` that have it, their
        `minutes`, their `sample_rates` in Hz and `channels`, and `silent`, the share of the minutes
        in which the source is silent.

    Raises:
        ValueError: no tracks.

    Example:

    >>> ramp = np.linspace(0, 0.5, 8000)[:, None]
    >>> stems = {"vocals": 0 * ramp, "accompaniment": ramp}
    >>> track = sm.datasets.Track.from_arrays("la", stems, sample_rate=8000)
    >>> sm.datasets.describe([track, track]).to_dict("index")["vocals"]
    {'songs': 2, 'minutes': 0.03, 'sample_rates': '8000', 'channels': '1', 'silent': 1.0}
    """
    _checks.require(tracks, "tracks is empty; check the folder of the songs", tracks=tracks)
    sources = dict.fromkeys(source for track in tracks for source in track.sources)
    silent = dict.fromkeys(sources, 0.0)
    for track in tracks:
        window = max(1, round(_WINDOW * track.sample_rate))
        block = window * round(_BLOCK / _WINDOW)
        for start in range(0, track.length, block):
            pieces = track.read(start, min(start + block, track.length))
            for source, samples in pieces.items():
                power = np.mean(np.square(samples, dtype="float64"), axis=1)
                starts = np.arange(0, len(power), window)
                lengths = np.diff(starts, append=len(power))
                quiet = np.add.reduceat(power, starts) < lengths * 10 ** (silence / 10)
                silent[source] += float(lengths[quiet].sum()) / track.sample_rate
    rows = {}
    for source in sources:
        having = [track for track in tracks if source in track.sources]
        seconds = sum(track.length / track.sample_rate for track in having)
        rows[source] = {
            "songs": len(having),
            "minutes": round(seconds / 60, 2),
            "sample_rates": _join(track.sample_rate for track in having),
            "channels": _join(track.channels for track in having),
            "silent": round(silent[source] / seconds, 3),
        }
    return pandas.DataFrame.from_dict(rows, orient="index")


def _join(values):
    return ", ".join(map(str, sorted(set(values))))
