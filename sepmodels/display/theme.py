"""The look that all pictures share: one colour per name, quiet axes."""

import colorsys
import contextlib
import re

# The palette of Okabe and Ito (2008), which colour-blind readers can tell apart.
COLORS = {
    "mixture": "#7A7F87",
    "vocals": "#D55E00",
    "accompaniment": "#0072B2",
    "drums": "#009E73",
    "bass": "#CC79A7",
    "other": "#B58900",
}
SPARE = ("#56B4E9", "#8E6BBF", "#A65628", "#7CB518")  # of names that the table above lacks
STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelcolor": "#444444",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 9,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
_given = {}  # names that have a spare colour, in the order in which they were first drawn


def color_of(name):
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
    if index < len(SPARE):
        return SPARE[index]
    # Steps of the golden ratio never return to a hue; lightness alternates between neighbours.
    hue, lightness = (0.11 + 0.618034 * index) % 1, (0.35, 0.55, 0.45)[index % 3]
    red, green, blue = (round(255 * x) for x in colorsys.hls_to_rgb(hue, lightness, 0.6))
    return f"#{red:02X}{green:02X}{blue:02X}"


def set_theme():
    """Give all later figures of matplotlib the look of this library's pictures.

    Example:

    >>> sm.display.set_theme()
    """
    _import_pyplot().rcParams.update(STYLE)


@contextlib.contextmanager
def draw_figure(rows=1, *, size, title=None, **options):
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
