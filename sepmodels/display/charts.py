"""Pictures of numbers: learning curves and scores."""

from typing import Any

import numpy as np
import pandas as pd

from sepmodels import _checks
from sepmodels.display import theme

SCORE_MARKS = {  # the shape and its filling
    "mixture (floor)": ("o", theme.GREY),
    "volume alone": ("s", theme.GREY),
    "ideal mask (ceiling)": ("D", "none"),
}


def plot_learning_curve(
    history: Any, *, metric: str = "loss", title: str | None = None
) -> "theme.Figure":
    """Draw training and validation loss over the epochs, and mark the best epoch.

    Args:
        history: What `fit` returned, or a mapping (a dict, a data frame) of name to values, one per
            epoch.
        metric: str. What to draw; `"val_" + metric` is drawn too if it is there.
            Defaults to `"loss"`.
        title: str. What the picture shows, as a finding. Defaults to the best epoch.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if the history does not hold the metric, or no epoch.

    Example:

    >>> past = {"loss": [3.0, 2.0, 1.5], "val_loss": [3.2, 2.4, 2.6]}
    >>> sm.display.plot_learning_curve(past).axes[0].get_title(loc="left")
    'Epoch 2 is best: validation loss 2.4'
    """
    columns = getattr(history, "history", history)
    held = metric in columns and len(columns[metric]) > 0
    rule = f"history must contain metric, and one epoch of it or more; it has {sorted(columns)}"
    _checks.require(held, rule, metric=metric)
    lines = {"training": np.asarray(columns[metric], "float64")}
    if f"val_{metric}" in columns:
        lines["validation"] = np.asarray(columns[f"val_{metric}"], "float64")
    kind, values = list(lines.items())[-1]
    with theme.draw_figure(size=(7, 3)) as (figure, (axes,)):
        for (name, line), color in zip(lines.items(), (theme.GREY, theme.CYCLE[0]), strict=False):
            epochs = np.arange(1, len(line) + 1)
            axes.plot(epochs, line, color=color, linewidth=2, marker="o", markersize=3, label=name)
        finding = f"{metric} over {len(values)} epochs"
        if np.isfinite(values).any():
            best = int(np.nanargmin(values))
            axes.plot(best + 1, values[best], "o", color=theme.CYCLE[1], markersize=8, label="best")
            finding = f"Epoch {best + 1} is best: {kind} {metric} {values[best]:.4g}"
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", ylabel=metric)
        axes.set_title(finding if title is None else title, loc="left")
        axes.legend()
    return figure


def plot_scores(
    table: pd.DataFrame, *, score: str = "SDR", title: str | None = None
) -> "theme.Figure":
    """Draw each source between its floor and its ceiling.

    A line runs from the mixture to the oracle mask. The dot is the median of the estimate, the
    ticks below it are its windows, and the square is what volume alone achieves. The label gives
    the score and its improvement.

    Args:
        table: pandas.DataFrame. From `evaluate`.
        score: str. A column of it. Defaults to `"SDR"`.
        title: str. What the picture shows, as a finding. Defaults to a plain description.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if the table has no such column.

    Example:

    >>> voice, band = np.sin(np.arange(16000) / 9)[:, None], np.sin(np.arange(16000) / 70)[:, None]
    >>> truth = {"vocals": voice, "accompaniment": band}
    >>> guess = {"vocals": voice + 0.1 * band, "accompaniment": 0.9 * band}
    >>> picture = sm.display.plot_scores(sm.evaluate(guess, truth, sample_rate=8000))
    >>> picture.axes[0].get_xlabel()
    'SDR (dB)'
    """
    _checks.one_of(score=(score, table))
    finite = table[np.isfinite(table[score]) & (table["scope"] == "window")]
    middle = finite.groupby(["source", "system"])[score].median()
    sources = list(table["source"].unique())
    with theme.draw_figure(size=(7, 1.3 + 0.7 * len(sources))) as (figure, (axes,)):
        axes.axvline(0, color=theme.GREY, alpha=0.5, linewidth=0.8)
        for row, source in enumerate(sources):
            color = theme.color_of(source)
            floor, gain, value, ceiling = (
                middle.get((source, system), np.nan)
                for system in ("mixture", "gain", "estimate", "oracle")
            )
            axes.plot([floor, ceiling], [row, row], color=theme.GREY, alpha=0.3, linewidth=5)
            axes.plot([floor, value], [row, row], color=color, linewidth=5, alpha=0.5)
            windows = finite[(finite["source"] == source) & (finite["system"] == "estimate")][score]
            spread = np.full(len(windows), row + 0.24)
            axes.plot(windows, spread, "|", color=color, alpha=0.8, markersize=6)
            hidden = "_" * row  # the legend takes the labels of the first row alone
            marked = (floor, gain, ceiling)
            for (label, (mark, face)), median in zip(SCORE_MARKS.items(), marked, strict=True):
                look = {"mfc": face, "mec": theme.GREY, "markersize": 7, "label": hidden + label}
                axes.plot(median, row, mark, **look)
            axes.plot(value, row, "o", color=color, markersize=11, label=f"{hidden}estimate")
            if np.isfinite(value):
                text = f"{value:.1f} dB ({value - floor:+.1f})"
                offset = {"textcoords": "offset points", "ha": "center", "color": color}
                axes.annotate(text, (value, row), xytext=(0, 10), **offset)
        axes.set_yticks(range(len(sources)), sources)
        axes.set_ylim(len(sources) - 0.5, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(f"{score} (dB)")
        axes.set_title(title or f"{score} per source, median of windows", loc="left")
        figure.legend(loc="outside lower center", ncols=4)
    return figure
