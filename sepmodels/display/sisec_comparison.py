"""One's own scores among those of others."""

import numpy as np

from sepmodels.display import theme
from sepmodels.evaluation import sisec2018, statistics

_GREY = "#7A7F87"
_MARKS = {"submission": "o", "oracle": "D", "floor": "s"}
_OWN = {"mixture": "your mixture", "estimate": "your estimate", "oracle": "your oracle"}


def sisec_comparison(table, *, measure="SDR", title=None):
    """Draw the spread of your scores over the songs beside the medians of SiSEC 2018.

    Boxes are yours: of the medians of each song, quartiles and the whole range. Of the campaign
    there are medians alone, which are marks, and hollow where more than MUSDB18 was trained on.
    They hold for MUSDB18's 50 test songs; beside scores of other songs they only show the scale.

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
    >>> axes = sm.display.sisec_comparison(table).axes[0]
    >>> rows = [text.get_text() for text in axes.get_yticklabels()]
    >>> rows[:3], rows.index("your estimate") < rows.index("STL1")
    (['IRM2', 'MWF', 'IRM1'], True)
    """
    if measure not in table:
        raise ValueError(f"The table has no column measure={measure!r}. It has {list(table)}.")
    if "scope" in table:
        table = table[table["scope"] == "window"]
    if "system" not in table:
        table = table.assign(system="estimate")
    finite = table[np.isfinite(table[measure])]
    songs = finite.groupby(["source", "system", "track"])[measure].median()
    theirs = sisec2018.load()
    theirs = theirs[(theirs["measure"] == measure) & (theirs["aggregate"] == statistics.TRACKS)]
    sources = list(table["source"].unique())
    rows = {name: _rows(name, songs, theirs) for name in sources}
    height = sum(0.7 + 0.19 * len(of_one) for of_one in rows.values())
    ratios = {"height_ratios": [1 + len(of_one) for of_one in rows.values()]}
    with theme.figure(len(sources), size=(7, height), gridspec_kw=ratios) as (figure, panels):
        for source, axes in zip(sources, panels, strict=True):
            _panel(axes, rows[source], theme.color_of(source, sources.index(source)))
            axes.set_xlabel(f"{measure} of {source} (dB), median of each song")
        for face, label in ((_GREY, "trained on MUSDB18"), ("white", "on more than that")):
            panels[-1].plot([], [], "o", mfc=face, mec=_GREY, markersize=5, label=label)
        figure.legend(loc="outside lower center", ncols=2)
        panels[0].set_title(title or f"{measure} beside the medians of SiSEC 2018", loc="left")
    return figure


def _rows(source, songs, theirs):
    """`(median, name, values, kind, more)` for every system of a source, the best first."""
    rows = []
    for system, name in _OWN.items():
        if (source, system) in songs.index.droplevel("track"):
            values = songs.loc[source, system].to_numpy()
            rows.append((float(np.median(values)), name, values, "own", False))
    for line in theirs[theirs["source"] == source].itertuples():
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
            face = "white" if more else _GREY
            axes.plot(median, y, _MARKS[kind], mfc=face, mec=_GREY, markersize=5)
    axes.set_yticks(range(len(rows)), [row[1] for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row[3] == "own":
            label.set(color=color, fontweight="bold")
    axes.set_ylim(len(rows) - 0.4, -0.6)
