"""A picture of the improvement that each variant of a sweep brings."""

import pandas as pd

from sepmodels.ablation import variants
from sepmodels.display import theme


def plot_ablation(table: pd.DataFrame, *, title: str | None = None) -> "theme.Figure":
    """Draw the SDR improvement of each variant of a sweep, with its interval over the songs.

    Small dots are single trainings. Where they scatter as far as the variants do, the sweep is
    inconclusive.

    Args:
        table: pandas.DataFrame. From `sepmodels.sweep`.
        title: str. What the picture shows, as a finding. Defaults to the best variant and its lead
            over the next.

    Returns:
        matplotlib Figure.
    """
    lines = variants.summarize_variants(table)
    grid = list(lines.index.names)
    runs = table.assign(**{name: table[name].map(str) for name in grid})
    runs = runs.groupby([*grid, "seed"], sort=False)["SDRi"].mean()
    names = [", ".join(index) if isinstance(index, tuple) else index for index in lines.index]
    with theme.draw_figure(size=(7, 0.9 + 0.36 * len(lines))) as (figure, (axes,)):
        for y, (index, line) in enumerate(lines.iterrows()):
            axes.plot([line["low"], line["high"]], [y, y], color=theme.CYCLE[0], linewidth=2)
            of_seeds = runs.loc[index].to_numpy()
            axes.plot(of_seeds, [y] * len(of_seeds), ".", color=theme.GREY, markersize=6)
            axes.plot(line["SDRi"], y, "o", color=theme.CYCLE[0], markersize=8)
        axes.set_yticks(range(len(lines)), names)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set(xlabel="SDR improvement (dB), mean over songs and sources", ylabel=", ".join(grid))
        ranked = sorted(zip(lines["SDRi"], names, strict=True), reverse=True)
        finding = f"{ranked[0][1]} gains most: {ranked[0][0]:.1f} dB"
        if len(ranked) > 1:
            finding += f", {ranked[0][0] - ranked[1][0]:.1f} dB more than {ranked[1][1]}"
        axes.set_title(finding if title is None else title, loc="left")
    return figure
