"""A picture of what a corpus contains."""

import pandas as pd

from sepmodels import _checks
from sepmodels.display import theme


def plot_corpus(table: pd.DataFrame, *, title: str | None = None) -> "theme.Figure":
    """Draw the minutes of each source, and the share of them that is silent.

    Args:
        table: pandas.DataFrame. From `sm.datasets.describe`.
        title: str. What the picture shows, as a finding. Defaults to the number of songs and
            minutes, and the source that is silent most.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if the table is not one of `sm.datasets.describe`, or is empty.

    Example:

    >>> table = sm.datasets.describe([sm.datasets.sample.load()])
    >>> sm.display.plot_corpus(table).axes[0].get_xlabel()
    'minutes'
    """
    described = {"songs", "minutes", "silent"} <= set(table.columns) and len(table) > 0
    rule = "table must come from sm.datasets.describe and have a row"
    _checks.require(described, rule, columns=[*table.columns], rows=len(table))
    with theme.draw_figure(size=(7, 0.8 + 0.45 * len(table))) as (figure, (axes,)):
        for y, (source, row) in enumerate(table.iterrows()):
            color, audible = theme.color_of(source), row.minutes * (1 - row.silent)
            axes.barh(y, audible, color=color, height=0.6)
            axes.barh(y, row.minutes - audible, left=audible, color=color, alpha=0.25, height=0.6)
            axes.annotate(f" {row.silent:.0%} silent", (row.minutes, y), va="center")
        axes.set(xlabel="minutes", yticks=range(len(table)), yticklabels=table.index)
        axes.set_xlim(0, table.minutes.max() * 1.2)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        finding = (
            f"{table.songs.max()} songs, {table.minutes.max():.1f} minutes: "
            f"{table.silent.idxmax()} silent for {table.silent.max():.0%} of them"
        )
        axes.set_title(finding if title is None else title, loc="left")
    return figure
