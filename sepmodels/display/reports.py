"""One page to listen to a separation: everything in step, with scores and a blind test."""

import html
from collections.abc import Mapping

import numpy as np

from sepmodels.display import data_urls
from sepmodels.display.players import Player, checked, compose

STYLE = """<style>
.sepmodels-report { max-width: 900px; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  sans-serif; }
.sepmodels-report h2 { font-size: 17px; margin: 28px 0 8px; }
.sepmodels-report .scores { overflow-x: auto; }
.sepmodels-report table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.sepmodels-report :is(th, td) { padding: 5px 12px 5px 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.sepmodels-report :is(th[scope=row], th.index) { text-align: left; }
.sepmodels-report small { font-size: 12px; opacity: .75; }
</style>"""


def report(
    path,
    mixture,
    references,
    estimates,
    sample_rate,
    *,
    scores=None,
    title="Listening report",
    budget=15_000_000,
):
    """Write a page on which a separation can be heard, seen and judged, and return it.

    Mixture, true stems and estimates run in step and keep their levels; the spectrogram of what
    plays stands above them. A blind A/B/X test ends with an exact p-value. The page is one file
    that asks nothing of a network; a notebook shows the same when it is the value of a cell.

    Args:
        path: str or Path. Ends in `.html`; its folder must exist.
        mixture: array `(time, channels)` or `(time,)`. What was separated.
        references: mapping. Source name to true stem. Empty if there is none.
        estimates: mapping. Source name to estimate, or, to compare systems, name of a system to
            such a mapping.
        sample_rate: int. Of all of them, in Hz.
        scores: pandas.DataFrame. A small table to show below, such as from `evaluation.summarize`.
            Defaults to `None`.
        title: str. What there is to hear. Defaults to `"Listening report"`.
        budget: int. Most bytes of the page. A lower one makes a plainer sound: 16-bit FLAC if it
            fits, else MP3 from about 190 down to 60 kbit/s. Defaults to `15_000_000`, enough for
            five stereo stems of 3 minutes.

    Returns:
        Player.

    Raises:
        ValueError: if the sounds differ in length, are not mono or stereo, not finite, or too long
            for the budget, or if the table has more than 100 rows.
        FileNotFoundError: if the folder of `path` is missing.

    Example:

    >>> import tempfile
    >>> voice, band = 0.1 * np.sin(np.arange(8000) / 9), 0.1 * np.sin(np.arange(8000) / 70)
    >>> truth, guess = {"vocals": voice}, {"vocals": 0.9 * voice}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sm.display.report(f"{folder}/song.html", voice + band, truth, guess, 8000)
    >>> list(page.key)
    ['mixture', 'vocals: reference', 'vocals: estimate']
    """
    if scores is not None and len(scores) > 100:
        raise ValueError(
            f"scores has {len(scores)} rows, more than the 100 that a page can show. Pass "
            "sm.evaluation.summarize(scores)."
        )
    stems = _side_by_side(mixture, references, estimates)
    pictures = data_urls.pictures(stems, sample_rate, columns=1000, rows=120)
    table = "" if scores is None else _table(scores)
    room = budget - sum(map(len, pictures)) - len(table) - 50_000  # script, style and words
    fragment, form = compose(stems, sample_rate, pictures, title, room, large=True)
    page = Player(
        f'<div class="sepmodels-report">{STYLE}{fragment}{table}<p><small>'
        f"{_words(stems, sample_rate, form, fragment)}</small></p></div>",
        {label: label for label in stems},
        title,
    )
    page.save(path)
    return page


def _side_by_side(mixture, references, estimates):
    """Mixture first, then each source: the truth, and below it what was made of it."""
    nested = all(isinstance(stems, Mapping) for stems in estimates.values())
    systems = estimates if nested else {"estimate": estimates}
    sources = dict.fromkeys([*references, *(name for stems in systems.values() for name in stems)])
    stems = {"mixture": mixture}
    for source in sources:
        for system, samples in {"reference": references, **systems}.items():
            if source in samples:
                stems[f"{source}: {system}"] = samples[source]
    return checked(stems)


def _words(stems, sample_rate, form, fragment):
    """What a listener has to know to trust the ears."""
    seconds = len(stems["mixture"]) / sample_rate
    rate = (len(fragment) * 6 / seconds / len(stems)) / 1000
    sound = "FLAC, exact to 16 bits"
    if form == "MP3":
        sound = f"MP3 of about {rate:.0f} kbit/s for each, which itself changes the sound a little"
    return html.escape(
        f"Sound: {sound}. Levels are those of the files, unless “Loudness” is on. The pictures "
        f"share one scale of {data_urls.RANGE} dB, up to {data_urls.top(sample_rate):,.0f} Hz."
    )


def _table(scores):
    """A table that a screen reader can follow: each row has its head."""
    heads = [name or "" for name in scores.index.names] + list(scores)
    rows = []
    for index, values in zip(scores.index, scores.to_numpy(), strict=True):
        labels = index if isinstance(index, tuple) else (index,)
        cells = "".join(f'<th scope="row">{html.escape(str(label))}</th>' for label in labels)
        rows.append(f"<tr>{cells}{''.join(map(_cell, values))}</tr>")
    left = scores.index.nlevels  # columns that are names
    top = "".join(
        f'<th scope="col"{" class=index" * (i < left)}>{html.escape(str(head))}</th>'
        for i, head in enumerate(heads)
    )
    return (
        '<h2>Scores</h2><div class="scores" tabindex="0" role="region" aria-label="Scores"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(value):
    if not isinstance(value, int | float | np.number):
        return f"<td>{html.escape(str(value))}</td>"
    text = "none" if np.isnan(value) else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"<td>{text.replace('-', '&minus;')}</td>"
