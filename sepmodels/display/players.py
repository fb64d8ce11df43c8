"""A player that switches between stems in step and keeps their levels."""

import html
import json
import zlib
from pathlib import Path

import numpy as np

from sepmodels.display import data_urls, loudness, theme

# What runs in the browser, in the order in which each needs the other.
SCRIPTS = ("transport.js", "blind.js", "player.js")


def player(stems, sample_rate, *, title=None, hide_names=False, budget=2_000_000):
    """Hear stems from one transport: switch while they play, at the levels they have.

    All stems run in step, sample by sample, and one of them is audible; nothing is normalised, so
    a quiet stem is quiet and a silent one is silent, unless the listener asks for one loudness
    (ITU-R BS.1770) with a button that shows what it does. Another button starts a blind A/B/X test
    of two stems. Keys: space plays, 1 to 9 switch, arrows seek, I and O or a drag over a picture
    loop a part, L loops.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`, mono or stereo, all equally
            long. The mixture may be one of them.
        sample_rate: int. In Hz.
        title: str. What there is to hear. Defaults to `None`.
        hide_names: bool. For blind comparison: stems appear as A, B, C in an order drawn from
            their content, without pictures; `key` of the result tells. Defaults to `False`.
        budget: int. Most bytes of sound in the page, which holds it all. Long stems become MP3 to
            fit. Defaults to `2_000_000`.

    Returns:
        Player. Shown by Jupyter, Colab and VS Code; `save(path)` writes a page of its own.

    Raises:
        ValueError: if the stems are none, unequal in length, not mono or stereo, not finite, or too
            long for the budget.

    Example:

    >>> tone = 0.1 * np.sin(np.arange(8000) / 9)
    >>> page = sm.display.player({"vocals": tone, "accompaniment": 0 * tone}, 8000)
    >>> page.key
    {'vocals': 'vocals', 'accompaniment': 'accompaniment'}
    """
    stems = checked(stems)
    labels = list(stems)
    if hide_names:
        # Drawn from the sounds themselves: not the order of the code, yet the same at every run.
        content = zlib.crc32(b"".join(samples.tobytes() for samples in stems.values()))
        order = np.random.default_rng(content).permutation(len(stems))
        stems = {labels[i]: stems[labels[i]] for i in order}
        labels = [chr(ord("A") + i) for i in range(len(stems))]
    pictures = [] if hide_names else data_urls.pictures(stems, sample_rate)
    fragment, _ = compose(
        dict(zip(labels, stems.values(), strict=True)), sample_rate, pictures, title, budget
    )
    return Player(fragment, dict(zip(labels, stems, strict=True)), title)


class Player:
    """What `player` returns: a piece of HTML that notebooks show.

    Attributes:
        html: str. The piece, which needs nothing from any network.
        key: dict. The name on the player to the name of the stem; they differ when hidden.
    """

    def __init__(self, fragment, key, title=None):
        self.html = fragment
        self.key = key
        self._title = title or "sepmodels player"

    def __repr__(self):
        return f"<Player of {len(self.key)} stems, {len(self.html) / 1e6:.1f} MB>"

    def _repr_html_(self):
        return self.html

    def save(self, path):
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
        path.write_text(page, encoding="utf-8")
        return path


def compose(stems, sample_rate, pictures, title, budget, large=False):
    """The HTML of a player, and the format of its sounds.

    Args:
        stems: dict. From `checked`; the names are those to show.
        sample_rate: int. In Hz.
        pictures: list of str. A data URL for each stem; empty for none.
        title: str or None.
        budget: int. Most bytes of sound.
        large: bool. Show the picture of what plays large, above the others. Defaults to `False`.
    """
    # Louder than full scale cannot be stored: all stems go down together, and the player up again.
    peak = max(1.0, *(float(np.abs(samples).max()) for samples in stems.values()))
    urls, form = data_urls.sounds([x / peak for x in stems.values()], sample_rate, budget)
    colors = [theme.color_of(label if pictures else "", i) for i, label in enumerate(stems)]
    figures = "".join(
        _figure(label, color, url, picture, gain)
        for label, color, url, picture, gain in zip(
            stems,
            colors,
            urls,
            pictures or [None] * len(urls),
            matching_gains(stems.values(), sample_rate),
            strict=True,
        )
    )
    data = {
        "seconds": len(next(iter(stems.values()))) / sample_rate,
        "gain": peak,
        "top": data_urls.top(sample_rate),
        "title": title or "",
        "large": str(large).lower(),
        "lm-suppress-shortcuts": "true",  # JupyterLab leaves the keys to the player
    }
    attributes = " ".join(f'data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    return f'<div class="sepmodels-player" {attributes}>{figures}</div>{_script()}', form


def matching_gains(stems, sample_rate):
    """Decibels that bring all stems to the loudness of the loudest, or to what none clips at."""
    found = [
        (loudness.integrated(x, sample_rate), 20 * np.log10(max(1e-9, float(np.abs(x).max()))))
        for x in stems
    ]
    audible = [(loud, peak) for loud, peak in found if np.isfinite(loud)]
    if not audible:
        return [0.0] * len(found)
    full = max(0.0, *(peak for _, peak in audible))  # a song beyond full scale stays there
    target = min(max(loud for loud, _ in audible), *(loud - peak + full for loud, peak in audible))
    return [target - loud if np.isfinite(loud) else 0.0 for loud, _ in found]


def checked(stems):
    """The stems as a dict of float32 `(time, channels)`, or an error that names the stem."""
    stems = {str(name): _checked(name, samples) for name, samples in stems.items()}
    lengths = {name: len(samples) for name, samples in stems.items()}
    if not stems or len(set(lengths.values())) > 1:
        raise ValueError(
            f"stems must be one or more, of one length in samples. Received {lengths}."
        )
    return stems


def _checked(name, samples):
    samples = np.asarray(samples, "float32")
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or samples.shape[1] not in (1, 2) or not len(samples):
        raise ValueError(
            f"stems[{name!r}] must be (time,) or (time, channels), mono or stereo and not empty. "
            f"Received shape {samples.shape}."
        )
    if not np.isfinite(samples).all():
        raise ValueError(f"stems[{name!r}] holds NaN or infinite samples, which cannot be played.")
    return samples


def _figure(label, color, sound, picture, gain):
    """One stem. As it stands, it is also what a browser shows that runs no script."""
    image = f'<img src="{picture}" alt="" width="100%" height="60">' if picture else ""
    return (
        f'<figure data-color="{color}" data-match="{gain:.2f}">'
        f"<figcaption>{html.escape(label)}</figcaption>{image}"
        f'<audio controls preload="none" src="{sound}"></audio></figure>'
    )


def _script():
    here = Path(__file__).parent / "web"
    style = json.dumps((here / "player.css").read_text(encoding="utf-8"))
    code = "".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"<script>(() => {{\nconst STYLE = {style};\n{code}}})();</script>"
