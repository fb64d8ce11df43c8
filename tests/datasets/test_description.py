"""The table that describes songs, and its figure."""

import numpy as np
import pytest

from sepmodels import datasets, display
from sepmodels.datasets.track import Track


def song(seconds, voice, rate=8000, channels=1):
    """A band throughout and a voice for so many of the seconds."""
    band = np.full((round(seconds * rate), channels), 0.1)
    sung = np.where(np.arange(len(band))[:, None] < voice * rate, band, 0)
    return Track.from_arrays("la", {"vocals": sung, "accompaniment": band}, rate)


def test_songs_minutes_rates_and_silence_are_counted():
    band = Track.from_arrays("band", {"accompaniment": np.full((16000, 2), 0.1)}, 16000)
    table = datasets.describe([song(24, 6), song(12, 3.05), band])
    assert list(table.index) == ["vocals", "accompaniment"]
    assert table.loc["vocals"].to_dict() == {
        "songs": 2,
        "minutes": 0.6,
        "sample_rates": "8000",
        "channels": "1",
        "silent": round(1 - 9.1 / 36, 3),  # the last window that is sung is half silent
    }
    assert table.loc["accompaniment"].to_dict() == {
        "songs": 3,
        "minutes": 0.62,
        "sample_rates": "8000, 16000",
        "channels": "1, 2",
        "silent": 0.0,
    }


def test_silence_depends_on_the_level():
    quiet = Track.from_arrays("q", {"vocals": np.full((8000, 1), 10 ** (-50 / 20))}, 8000)
    assert datasets.describe([quiet]).silent["vocals"] == 0
    assert datasets.describe([quiet], silence=-49).silent["vocals"] == 1


def test_songs_are_read_ten_seconds_at_a_time(monkeypatch):
    lengths = []
    read = Track.read

    def spy(self, start, stop, sources=None):
        lengths.append(stop - start)
        return read(self, start, stop, sources)

    monkeypatch.setattr(Track, "read", spy)
    datasets.describe([song(25, 25, rate=1000)])
    assert lengths == [10000, 10000, 5000]


def test_the_figure_shows_minutes_and_silence():
    table = datasets.describe([song(30, 6), song(30, 12)])
    axes = display.plot_corpus(table).axes[0]
    assert axes.get_title(loc="left") == "2 songs, 1.0 minutes: vocals silent for 70% of them"
    widths = [bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(widths, [0.3, 0.7, 1.0, 0.0], atol=1e-9)
    assert display.plot_corpus(table, title="mine").axes[0].get_title(loc="left") == "mine"


def test_no_songs_and_a_wrong_table_are_refused():
    with pytest.raises(ValueError, match="empty"):
        datasets.describe([])
    table = datasets.describe([song(1, 1)])
    with pytest.raises(ValueError, match=r"describe.*songs"):
        display.plot_corpus(table[["songs"]])
    with pytest.raises(ValueError, match="rows=0"):
        display.plot_corpus(table[:0])
