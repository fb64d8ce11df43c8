"""Your scores beside those of the evaluation campaign SiSEC 2018."""

import numpy as np
import pandas as pd

from sepmodels import _checks
from sepmodels.display import theme
from sepmodels.evaluation import sisec2018, statistics

_MARKS = {"submission": "o", "oracle": "D", "floor": "s"}
_YOURS = {"mixture": "your mixture", "estimate": "your estimate", "oracle": "your oracle"}


def plot_sisec_comparison(
    table: pd.DataFrame, *, measure: str = "SDR", title: str | None = None
) -> "theme.Figure":
    """Draw the spread of your scores over the songs beside the medians of SiSEC 2018.

    Your systems are boxes: the quartiles and the range of the medians of each song. Those of the
    campaign are marks, since it published medians; a hollow mark is a system that was trained on
    more than MUSDB18. These medians hold for the 50 test songs of MUSDB18; beside scores of other
    songs they only show the scale.

    Args:
        table: pandas.DataFrame. From `evaluate_folders`, or from `museval_json.read_folder`.
        measure: str. A column of it. Defaults to `"SDR"`.
        title: str. What the picture shows, as a finding. Defaults to a plain description.

    Returns:
        matplotlib Figure, with a panel for each source.

    Raises:
        ValueError: if the table has no such column.

    Example:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"track": list("abc"), "source": "vocals", "SDR": [4.0, 5.0, 9.0]})
    >>> axes = sm.display.plot_sisec_comparison(table).axes[0]
    >>> rows = [text.get_text() for text in axes.get_yticklabels()]
    >>> rows[:3], rows.index("your estimate") < rows.index("STL1")
    (['IRM2', 'MWF', 'IRM1'], True)
    """
    _checks.one_of(measure=(measure, table))
    table = statistics.select_windows(table)
    finite = table[np.isfinite(table[measure])]
    songs = finite.groupby(["source", "system", "track"])[measure].median()
    published = sisec2018.load()
    published = published[
        (published["measure"] == measure) & (published["aggregate"] == statistics.TRACKS)
    ]
    sources = list(table["source"].unique())
    rows = {name: _rows(name, songs, published) for name in sources}
    height = sum(0.7 + 0.19 * len(lines) for lines in rows.values())
    ratios = {"height_ratios": [1 + len(lines) for lines in rows.values()]}
    with theme.draw_figure(len(sources), size=(7, height), gridspec_kw=ratios) as (figure, panels):
        for source, axes in zip(sources, panels, strict=True):
            _panel(axes, rows[source], theme.color_of(source))
            axes.set_xlabel(f"{measure} of {source} (dB), median of each song")
        for face, label in ((theme.GREY, "trained on MUSDB18"), ("none", "on more than that")):
            panels[-1].plot([], [], "o", mfc=face, mec=theme.GREY, markersize=5, label=label)
        figure.legend(loc="outside lower center", ncols=2)
        panels[0].set_title(title or f"{measure} beside the medians of SiSEC 2018", loc="left")
    return figure


def _rows(source, songs, published):
    """`(median, name, values, kind, more)` for every system of a source, the best first."""
    rows = []
    for system, name in _YOURS.items():
        if (source, system) in songs.index.droplevel("track"):
            values = songs.loc[source, system].to_numpy()
            rows.append((float(np.median(values)), name, values, "own", False))
    for line in published[published["source"] == source].itertuples():
        more = line.trained_on not in ("", "MUSDB18")
        rows.append((line.median, line.system, None, line.kind, more))
    return sorted(rows, key=lambda row: -row[0])


def _panel(axes, rows, color):
    for y, (median, _, values, kind, more) in enumerate(rows):
        if kind == "own":
            low, first, third, high = np.quantile(values, [0, 0.25, 0.75, 1])
            axes.plot([low, high], [y, y], color=color, linewidth=1)
            axes.barh(y, third - first, left=first, height=0.6, color=color, alpha=0.35)
            axes.plot([median, median], [y - 0.3, y + 0.3], color=color, linewidth=2.5)
        else:
            face = "none" if more else theme.GREY
            axes.plot(median, y, _MARKS[kind], mfc=face, mec=theme.GREY, markersize=5)
    axes.set_yticks(range(len(rows)), [row[1] for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row[3] == "own":
            label.set(color=color, fontweight="bold")
    axes.set_ylim(len(rows) - 0.4, -0.6)
