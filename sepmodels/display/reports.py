"""One page to listen to a separation: everything in step, with scores and a blind test."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sepmodels import _checks
from sepmodels.display import data_urls
from sepmodels.display.players import WEB, Page, check_stems, compose_html


def write_report(
    path: str | os.PathLike,
    mixture: np.ndarray,
    references: Mapping[str, np.ndarray],
    estimates: Mapping[str, np.ndarray | Mapping],
    sample_rate: int,
    *,
    scores: pd.DataFrame | None = None,
    title: str = "Listening report",
    budget: int = 15_000_000,
) -> Page:
    """Write a page on which a separation can be heard, seen and judged, and return it.

    Mixture, true stems and estimates run in step and preserve their levels; the spectrogram of the
    stem that plays stands above them. A blind A/B/X test ends with an exact p-value. The page is
    one file that requests nothing from a network; a notebook shows the same content when it is the
    value of a cell.

    Args:
        path: str or Path. Ends in `.html`; its folder must exist.
        mixture: array `(time, channels)` or `(time,)`. What was separated.
        references: mapping. Source name to true stem. Empty if there is none.
        estimates: mapping. Source name to estimate, or, to compare systems, name of a system to
            such a mapping.
        sample_rate: int. Of all of them, in Hz.
        scores: pandas.DataFrame. A small table to show below, such as from `evaluation.summarize`.
            Defaults to `None`.
        title: str. Heading, such as the name of the song. Defaults to `"Listening report"`.
        budget: int. Most bytes of the page. A lower one reduces the quality of the sound: 16-bit
            FLAC if it fits, otherwise MP3 from about 190 down to 60 kbit/s. Defaults to
            `15_000_000`, enough for five stereo stems of 3 minutes.

    Returns:
        Page.

    Raises:
        ValueError: if the sounds differ in length, are not mono or stereo, not finite, or too long
            for the budget, or if the table has more than 100 rows.
        FileNotFoundError: if the folder of `path` is missing.

    Example:

    >>> voice, band = 0.1 * np.sin(np.arange(8000) / 9), 0.1 * np.sin(np.arange(8000) / 70)
    >>> truth, guess = {"vocals": voice}, {"vocals": 0.9 * voice}
    >>> page = sm.display.write_report("song.html", voice + band, truth, guess, 8000)
    >>> list(page.key)
    ['mixture', 'vocals: reference', 'vocals: estimate']
    """
    rows = 0 if scores is None else len(scores)
    rule = "scores must have at most 100 rows; pass sm.evaluation.summarize(scores)"
    _checks.require(rows <= 100, rule, rows=rows)
    stems = _interleave(mixture, references, estimates)
    pictures = data_urls.encode_spectrograms(stems, sample_rate, columns=1000, rows=120)
    style = (WEB / "report.css").read_text(encoding="utf-8")
    table = "" if scores is None else _compose_table(scores)
    room = budget - sum(map(len, pictures)) - len(table) - 50_000  # script, style and words
    fragment, encoding = compose_html(stems, sample_rate, pictures, title, room, large=True)
    sound = "FLAC, exact to 16 bits"
    if encoding == "MP3":
        rate = len(fragment) * 6e-3 * sample_rate / sum(map(len, stems.values()))
        sound = f"MP3 of about {rate:.0f} kbit/s for each stem, which changes the sound slightly"
    page = Page(
        f'<div class="sepmodels-report"><style>{style}</style>{fragment}{table}<p><small>'
        f"Sound: {sound}. Levels are those of the files unless “Loudness” is on. All pictures "
        f"share one scale of {data_urls.RANGE} dB, up to "
        f"{data_urls.find_highest(sample_rate):,.0f} Hz.</small></p></div>",
        {label: label for label in stems},
        title,
    )
    page.save(path)
    return page


def _interleave(mixture, references, estimates):
    """Mixture first, then for each source the true stem and below it its estimates."""
    nested = all(isinstance(stems, Mapping) for stems in estimates.values())
    systems = estimates if nested else {"estimate": estimates}
    sources = dict.fromkeys([*references, *(name for stems in systems.values() for name in stems)])
    stems = {"mixture": mixture}
    for source in sources:
        for system, samples in {"reference": references, **systems}.items():
            if source in samples:
                stems[f"{source}: {system}"] = samples[source]
    return check_stems(stems)


def _compose_table(scores):
    def write_number(value):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}")

    table = scores.rename_axis(index=[None] * scores.index.nlevels).to_html(
        na_rep="none", float_format=write_number, border=0, justify="unset", sparsify=False
    )
    return (
        '<h2>Scores</h2><div class="scores" tabindex="0" role="region" aria-label="Scores">'
        f"{table}</div>"
    )
