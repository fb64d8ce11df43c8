"""A picture of what songs to train on hold."""

from sepmodels.display import theme


def corpus(table, *, title=None):
    """Draw the minutes of each source, and how many of them are silent.

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
    >>> sm.display.corpus(table).axes[0].get_xlabel()
    'minutes'
    """
    if not {"songs", "minutes", "silent"} <= set(table.columns) or not len(table):
        raise ValueError(
            "`table` must come from sm.datasets.describe. Received: a table of the columns "
            f"{list(table.columns)} with {len(table)} rows"
        )
    with theme.figure(size=(7, 0.8 + 0.45 * len(table))) as (figure, (axes,)):
        for place, (source, row) in enumerate(table.iterrows()):
            color, heard = theme.color_of(source, place), row.minutes * (1 - row.silent)
            axes.barh(place, heard, color=color, height=0.6)
            axes.barh(place, row.minutes - heard, left=heard, color=color, alpha=0.25, height=0.6)
            label = f" {row.silent:.0%} silent"
            axes.annotate(label, (row.minutes, place), va="center", color="#444444")
        axes.set(xlabel="minutes", yticks=range(len(table)), yticklabels=table.index)
        axes.set_xlim(0, table.minutes.max() * 1.2)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        most = table.silent.idxmax()
        found = (
            f"{table.songs.max()} songs, {table.minutes.max():.1f} minutes: "
            f"{most} silent for {table.silent.max():.0%} of them"
        )
        axes.set_title(found if title is None else title, loc="left")
    return figure
