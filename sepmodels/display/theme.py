"""The style of all pictures: one colour per name, and axes without a frame."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Figure

GREY = "#7A7F87"  # of the mixture, of floors, and of what is no source
# The palette of Okabe and Ito (2008), which colour-blind readers can tell apart.
COLORS = {
    "mixture": GREY,
    "vocals": "#D55E00",
    "accompaniment": "#0072B2",
    "drums": "#009E73",
    "bass": "#CC79A7",
    "other": "#B58900",
}
# Of names that the table above lacks, in the order in which they are first drawn.
SPARE = (
    "#56B4E9", "#8E6BBF", "#A65628", "#7CB518", "#C2185B", "#00A5A5", "#6D7D3B", "#E07B91",
    "#5663CA", "#C79A5B", "#964F8E", "#88A8A0", "#F08A24", "#2E7D32", "#9AA5D6", "#B04A4A",
    "#14808F", "#B39DDB", "#847545", "#DB5FC4",
)  # fmt: skip
# Colours of figures by place, where no name decides: "C0" is the first. The last is the grey.
CYCLE = tuple(COLORS[name] for name in ("accompaniment", "vocals", "drums", "bass", "other"))
INK = "#73777E"  # figures have no paper: this contrasts 4 to 1 with light and with dark pages
STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": f"cycler(color={[*CYCLE, GREY]})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 9,
    "grid.color": "#7A7F8738",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    # IPython lays a sheet under a transparent figure if all these labels are darker than mid-grey,
    # or all are lighter: they are on either side of it.
    "xtick.labelcolor": "#7B7F86",
    "ytick.labelcolor": "#7F838A",
}
STYLE |= dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none")
STYLE |= dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), INK)
STYLE |= dict.fromkeys(("xtick.color", "ytick.color"), INK)
_given: dict[str, int] = {}  # names that have a spare colour, in the order of their first use


def color_of(name: str) -> str:
    """Find the colour of a stem, the same in every picture and player of a session.

    A known source in the name decides; any other name gets a colour of its own at its first use.
    What follows a colon, a comma or a bracket does not count: a reference and its estimate share
    their colour.

    Args:
        name: str. What the stem is called, such as `"vocals: estimate"`.

    Returns:
        str. A colour in hexadecimal form.

    Example:

    >>> from sepmodels.display import theme
    >>> theme.color_of("vocals: estimate")
    '#D55E00'
    >>> theme.color_of("harp: reference") == theme.color_of("Harp (estimate)")
    True
    """
    name = name.lower()
    known = [color for source, color in COLORS.items() if source in name]
    if known:
        return known[0]
    index = _given.setdefault(re.split("[:,(]", name)[0].strip(), len(_given))
    return SPARE[index % len(SPARE)]


def set_theme() -> None:
    """Give all later figures of matplotlib the style of this library's pictures.

    Figures have no background of their own and are legible on light and dark pages.

    Example:

    >>> sm.display.set_theme()
    """
    _import_pyplot().rcParams.update(STYLE)


@contextlib.contextmanager
def draw_figure(
    rows: int = 1, *, size: tuple[float, float], title: str | None = None, **options
) -> Iterator[tuple]:
    """Yield `(figure, axes)` in the common style, then remove the figure from pyplot's list."""
    pyplot = _import_pyplot()
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(rows, figsize=size, squeeze=False, **options)
        # Otherwise a notebook would show it twice, and a long session would keep it in memory.
        pyplot.close(figure)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        yield figure, axes[:, 0]


def _import_pyplot():
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ImportError(f"{error.name} is missing: pip install matplotlib") from error
    return pyplot
