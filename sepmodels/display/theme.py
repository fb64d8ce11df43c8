"""The look that all pictures share: one colour per source, quiet axes."""

import contextlib

# The palette of Okabe and Ito (2008), which colour-blind readers can tell apart.
COLORS = {
    "mixture": "#7A7F87",
    "vocals": "#D55E00",
    "accompaniment": "#0072B2",
    "drums": "#009E73",
    "bass": "#CC79A7",
    "other": "#B58900",
}
SPARE = ("#56B4E9", "#8E6BBF", "#009E73", "#CC79A7")
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


def color_of(name, index=0):
    """The colour of a stem: that of the first known source in its name, else a spare one."""
    known = [color for source, color in COLORS.items() if source in name.lower()]
    return known[0] if known else SPARE[index % len(SPARE)]


@contextlib.contextmanager
def figure(rows=1, *, size, **options):
    """Yield `(figure, axes)` in the common style, then take the figure from pyplot's list."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ImportError(f"{error.name} is missing: pip install matplotlib") from error
    with pyplot.rc_context(STYLE):
        drawn, axes = pyplot.subplots(rows, figsize=size, squeeze=False, **options)
        # Else a notebook would show it twice, and a long session keep it for ever.
        pyplot.close(drawn)
        yield drawn, axes[:, 0]
