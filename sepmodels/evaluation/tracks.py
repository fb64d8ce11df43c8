"""Scores of a model on many songs, which it separates one by one."""

from collections.abc import Iterable

import pandas as pd

from sepmodels import _checks
from sepmodels.datasets.track import Track
from sepmodels.evaluation import metrics, oracles
from sepmodels.evaluation.song import MEDIAN, WHOLE, evaluate, summarize
from sepmodels.models.base.separator import Separator
from sepmodels.separation.whole_songs import separate


def evaluate_tracks(
    model: Separator, tracks: Iterable[Track], *, over: str = "song", **options
) -> pd.DataFrame:
    """Separate and score many songs or clips: one row for each track and source.

    Args:
        model: `models.Separator`. What to score.
        tracks: iterable of `Track`. With the sources of the model.
        over: str. `"song"`: one ratio over each track, the right one for clips of a few seconds;
            `"windows"`: the median over its seconds, the one of MUSDB18. Defaults to `"song"`.
        **options: Passed to `separate`.

    Returns:
        pandas.DataFrame. Columns `track`, `source` and those of `summarize`.
        `board.groupby("source")["SDRi"].mean()` is the mean improvement per clip. A track without
        a score (`silent` is not 0) is left out of such a mean, so look at `silent` first.

    Raises:
        ValueError: if there are no tracks, or a track cannot be scored (the message names it).

    Example:

    ```python
    board = sm.evaluation.evaluate_tracks(model, sm.datasets.mir1k.load(folder, split="valid"))
    board.groupby("source")[["mixture", "estimate", "oracle", "SDRi", "share"]].mean()
    ```
    """
    _checks.one_of(over=(over, ("song", "windows")))
    aggregate = WHOLE if over == "song" else MEDIAN
    rows = []
    for track, mixture, stems in _separate_each(model, tracks, options):
        try:
            table = evaluate(stems, track.stems, track.sample_rate, mixture=mixture)
        except ValueError as error:
            raise ValueError(f"Track {track.name!r} cannot be scored: {error}") from error
        lines = summarize(table).xs(aggregate, level="aggregate").reset_index()
        lines.insert(0, "track", track.name)
        rows.append(lines)
    return pd.concat(rows, ignore_index=True)


def evaluate_clips(model: Separator, tracks: Iterable[Track], **options) -> pd.DataFrame:
    """Separate and score mono clips as the tables of MIR-1K do: GNSDR, GSIR and GSAR.

    Each clip is scored with `metrics.nsdr` (BSSEval v3, one filter of 512 taps over the clip), and
    the scores are averaged with the lengths of the clips as weights. These scores tolerate a gain,
    so volume alone gives a GNSDR of 0, as the mixture does.

    Args:
        model: `models.Separator`. What to score.
        tracks: iterable of `Track`. Mono, with the sources of the model.
        **options: Passed to `separate`.

    Returns:
        pandas.DataFrame. Indexed by `source` and `system` (`"mixture"`, `"estimate"` and
        `"oracle"`, the ideal ratio mask), columns `GNSDR`, `GSIR` and `GSAR`, in dB.

    Raises:
        ValueError: if there are no tracks, or a track is not mono.

    Example:

    ```python
    clips = sm.datasets.mir1k.load(folder, "test", protocol="published")
    sm.evaluation.evaluate_clips(sm.load_pretrained(), clips)
    ```

    Reference:

    - Hsu and Jang (2010), "On the Improvement of Singing Voice Separation for Monaural Recordings
      Using the MIR-1K Dataset", section V.
    """
    rows = []
    for track, mixture, stems in _separate_each(model, tracks, options):
        systems = {
            "mixture": dict.fromkeys(track.stems, mixture),
            "estimate": stems,
            "oracle": oracles.apply_ratio_mask(track.stems, mixture),
        }
        for system, estimates in systems.items():
            for source, scores in metrics.nsdr(track.stems, estimates, mixture).items():
                names = {"source": source, "system": system, "length": track.length}
                rows.append(names | {f"G{name}": value for name, value in scores.items()})
    table = pd.DataFrame(rows)
    scores = ["GNSDR", "GSIR", "GSAR"]
    return table.groupby(["source", "system"], sort=False)[[*scores, "length"]].apply(
        lambda clips: clips[scores].apply(metrics.gnsdr, lengths=clips["length"])
    )


def _separate_each(model, tracks, options):
    track = None
    for track in tracks:
        mixture = track.mixture
        stems = separate(model, mixture, track.sample_rate, **{"progress": False, **options})
        yield track, mixture, stems
    rule = "tracks is empty; check the folder of the songs"
    _checks.require(track is not None, rule, tracks=tracks)
