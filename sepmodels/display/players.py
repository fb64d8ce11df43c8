"""A player that switches between stems in step and preserves their levels."""

import html
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sepmodels import _checks, _files
from sepmodels.display import data_urls, theme
from sepmodels.display.loudness import measure_loudness

WEB = Path(__file__).parent / "web"
SCRIPTS = ("transport.js", "blind.js", "player.js")  # in the order in which they depend


class Page:
    """A piece of HTML to listen to, which notebooks show and `save` writes.

    Attributes:
        html: str. The piece, which requests nothing from any network.
        key: dict. The name on the page to the name of the stem; they differ when hidden.
    """

    def __init__(self, fragment: str, key: Mapping[str, str], title: str | None = None):
        self.html = fragment
        self.key = key
        self._title = title or "sepmodels player"

    def __repr__(self):
        return f"<{type(self).__name__} of {len(self.key)} stems, {len(self.html) / 1e6:.1f} MB>"

    def _repr_html_(self):
        return self.html

    def save(self, path: str | os.PathLike) -> Path:
        """Write a page that any browser opens, and return its path.

        Args:
            path: str or Path. Ends in `.html`; its folder must exist.
        """
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(self._title)}</title>"
            "<style>:root{color-scheme:light dark}body{margin:16px auto;max-width:900px;"
            f"padding:0 12px}}</style>{self.html}</html>"
        )
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path}: there is no folder {path.parent}; create it first")
        # The name of a file need not be valid Unicode.
        content = page.encode("utf-8", "backslashreplace")
        _files.write_atomically(path, lambda part: part.write_bytes(content))
        return path


class Player(Page):
    """Plays stems from one transport: switch while they play, at the levels they have.

    All stems run in step, sample by sample, and one of them is audible. Nothing is normalised, so
    a quiet stem is quiet and a silent one is silent, unless the listener asks for equal loudness
    (ITU-R BS.1770) with a button that states what it changes. Another button starts a blind A/B/X
    test of two stems. Keys: space plays, 1 to 9 switch, arrows seek, I and O or a drag over a
    picture loop a part, L loops. Jupyter, Colab and VS Code show a player that is the value of a
    cell; `save(path)` writes a page of its own.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`, mono or stereo, all equally
            long. The mixture may be one of them.
        sample_rate: int. In Hz.
        title: str. Heading, such as the name of the song. Defaults to `None`.
        hide_names: bool. For blind comparison: stems appear as A, B, C in an order derived from
            their content, without pictures; `key` resolves the letters. Defaults to `False`.
        budget: int. Most bytes of sound in the page, which contains it all. Long stems become MP3
            to fit. Defaults to `2_000_000`.

    Raises:
        ValueError: if there are no stems, or they are unequal in length, not mono or stereo, not
            finite, or too long for the budget.

    Example:

    >>> tone = 0.1 * np.sin(np.arange(8000) / 9)
    >>> page = sm.display.Player({"vocals": tone, "accompaniment": 0 * tone}, 8000)
    >>> page.key
    {'vocals': 'vocals', 'accompaniment': 'accompaniment'}
    """

    def __init__(
        self,
        stems: Mapping[str, np.ndarray],
        sample_rate: int,
        *,
        title: str | None = None,
        hide_names: bool = False,
        budget: int = 2_000_000,
    ):
        stems = check_stems(stems)
        labels = list(stems)
        if hide_names:
            # Derived from the sounds: not the order of the code, yet the same in every run.
            content = zlib.crc32(b"".join(samples.tobytes() for samples in stems.values()))
            order = np.random.default_rng(content).permutation(len(stems))
            stems = {labels[i]: stems[labels[i]] for i in order}
            labels = [chr(ord("A") + i) for i in range(len(stems))]
        pictures = [] if hide_names else data_urls.encode_spectrograms(stems, sample_rate)
        shown = dict(zip(labels, stems.values(), strict=True))
        fragment, _ = compose_html(shown, sample_rate, pictures, title, budget)
        super().__init__(fragment, dict(zip(labels, stems, strict=True)), title)


def compose_html(stems, sample_rate, pictures, title, budget, large=False):
    """Compose the HTML of a player, and name the format of its sounds.

    Args:
        stems: dict. From `check_stems`; the names are those to show.
        sample_rate: int. In Hz.
        pictures: list of str. A data URL for each stem; empty for none.
        title: str or None.
        budget: int. Most bytes of sound.
        large: bool. Show the picture of what plays large, above the others. Defaults to `False`.
    """
    # Samples beyond full scale cannot be stored: all stems are scaled down here, and up again by
    # the player.
    peak = max(1.0, *(float(np.abs(samples).max()) for samples in stems.values()))
    urls, encoding = data_urls.encode_sounds(
        [samples / peak for samples in stems.values()], sample_rate, budget
    )
    gains = match_loudness(stems.values(), sample_rate)
    columns = zip(stems, urls, pictures or [None] * len(urls), gains, strict=True)
    figures = "".join(_compose_figure(*column) for column in columns)
    data = {
        "seconds": len(next(iter(stems.values()))) / sample_rate,
        "gain": peak,
        "highest": data_urls.find_highest(sample_rate),
        "title": title or "",
        "large": str(large).lower(),
        "lm-suppress-shortcuts": "true",  # JupyterLab leaves the keys to the player
    }
    attributes = " ".join(f'data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    style = json.dumps((WEB / "player.css").read_text(encoding="utf-8"))
    code = "".join((WEB / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = f"<script>(() => {{\nconst STYLE = {style};\n{code}}})();</script>"
    return f'<div class="sepmodels-player" {attributes}>{figures}</div>{script}', encoding


def match_loudness(stems, sample_rate):
    """Find gains in dB that bring all stems to the loudness of the loudest without clipping."""
    measured = [
        (measure_loudness(x, sample_rate), 20 * np.log10(max(1e-9, float(np.abs(x).max()))))
        for x in stems
    ]
    audible = [(loud, peak) for loud, peak in measured if np.isfinite(loud)]
    if not audible:
        return [0.0] * len(measured)
    full = max(0.0, *(peak for _, peak in audible))  # a song beyond full scale stays there
    target = min(max(loud for loud, _ in audible), *(loud - peak + full for loud, peak in audible))
    return [target - loud if np.isfinite(loud) else 0.0 for loud, _ in measured]


def check_stems(stems):
    """The stems as a dict of float32 `(time, channels)`, or an error that names the stem."""
    checked = {}
    for name, samples in stems.items():
        samples = _checks.sound(f"stems[{name!r}]", samples, mono=True)
        rule = f"stems[{name!r}] must be mono or stereo"
        _checks.require(samples.shape[1] <= 2, rule, shape=samples.shape)
        checked[str(name)] = samples.astype("float32", copy=False)
    lengths = {name: len(samples) for name, samples in checked.items()}
    rule = "stems must be one or more, of one length in samples"
    _checks.require(len(set(lengths.values())) == 1, rule, lengths=lengths)
    return checked


def _compose_figure(label, sound, picture, gain):
    """One stem. A browser that runs no script shows it as it is."""
    image = f'<img src="{picture}" alt="" width="100%" height="60">' if picture else ""
    return (
        f'<figure data-color="{theme.color_of(label)}" data-match="{gain:.2f}">'
        f"<figcaption>{html.escape(label)}</figcaption>{image}"
        f'<audio controls preload="none" src="{sound}"></audio></figure>'
    )
