"""A player that switches between stems in step and keeps their levels."""

import base64
import html
import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import soundfile

from sepmodels import audio
from sepmodels.display import spectrum, theme

TEMPLATE = Path(__file__).with_name("player.html")
# Exact to 16 bits if that fits the budget, else MP3 of variable rate, from transparent to plain.
# (Its constant rates lose up to 0.4 dB in LAME; the variable ones keep the level to 0.01 dB.)
ENCODINGS = (
    {"format": "FLAC", "subtype": "PCM_16", "compression_level": 0.9},
    {"format": "MP3", "compression_level": 0.2, "bitrate_mode": "VARIABLE"},
    {"format": "MP3", "compression_level": 0.5, "bitrate_mode": "VARIABLE"},
    {"format": "MP3", "compression_level": 0.8, "bitrate_mode": "VARIABLE"},
)
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
RANGE = 65  # dB from the loudest to what is no longer drawn
HIGHEST = 10_000  # Hz, the upper edge of the small pictures


def player(stems, sample_rate, *, title=None, hide_names=False, budget=2_000_000):
    """Hear stems from one transport: switch while they play, at the levels they have.

    All stems run in step, sample by sample, and one of them is audible; nothing is normalised, so
    a quiet stem is quiet and a silent one is silent. Keys: space plays, 1 to 9 switch, arrows
    seek, L loops; a drag over a picture loops that part.

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
    stems = {str(name): _checked(name, samples) for name, samples in stems.items()}
    lengths = {name: len(samples) for name, samples in stems.items()}
    if not stems or len(set(lengths.values())) > 1:
        raise ValueError(
            f"stems must be one or more, of one length in samples. Received {lengths}."
        )
    labels = list(stems)
    if hide_names:
        # Drawn from the sounds themselves: not the order of the code, yet the same at every run.
        content = zlib.crc32(b"".join(samples.tobytes() for samples in stems.values()))
        order = np.random.default_rng(content).permutation(len(stems))
        stems = {labels[i]: stems[labels[i]] for i in order}
        labels = [chr(ord("A") + i) for i in range(len(stems))]
    # Louder than full scale cannot be stored: all stems go down together, and the player up again.
    peak = max(1.0, *(float(np.abs(samples).max()) for samples in stems.values()))
    sounds = _encode([samples / peak for samples in stems.values()], sample_rate, budget)
    pictures = [None] * len(stems) if hide_names else _pictures(stems, sample_rate)
    rows = [
        _row(label, theme.color_of("" if hide_names else label, i), sound, picture)
        for i, (label, sound, picture) in enumerate(zip(labels, sounds, pictures, strict=True))
    ]
    texts = {
        "seconds": repr(next(iter(lengths.values())) / sample_rate),
        "gain": repr(peak),
        "title": html.escape(title or ""),
        "stems": "".join(rows),
    }
    template = TEMPLATE.read_text(encoding="utf-8")
    fragment = re.sub(r"{{(\w+)}}", lambda mark: texts[mark[1]], template)
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


def _encode(stems, sample_rate, budget):
    """Data URLs of the best encoding whose sum is within the budget."""
    for encoding in ENCODINGS:
        rate, kind = sample_rate, encoding["format"].lower()
        if kind == "mp3" and rate not in MP3_RATES:
            rate = min((r for r in MP3_RATES if r >= rate), default=MP3_RATES[-1])
        sounds = []
        for samples in stems:
            file = io.BytesIO()
            samples = samples if rate == sample_rate else audio.resample(samples, sample_rate, rate)
            soundfile.write(file, samples, rate, **encoding)
            mime = "audio/mpeg" if kind == "mp3" else "audio/flac"
            sounds.append(f"data:{mime};base64,{base64.b64encode(file.getvalue()).decode()}")
        size = sum(map(len, sounds))
        if size <= budget:
            return sounds
    raise ValueError(
        f"{len(stems)} stems of {len(stems[0]) / sample_rate:.0f} s take {size} bytes even as MP3, "
        f"above budget={budget}: play an excerpt, such as samples[: 30 * sample_rate], or raise "
        "the budget."
    )


def _row(label, color, sound, picture):
    """One stem. As it stands, it is also what a browser shows that runs no script."""
    image = f'<img src="{picture}" alt="" width="100%" height="60">' if picture else ""
    return (
        f'<figure data-color="{color}"><figcaption>{html.escape(label)}</figcaption>{image}'
        f'<audio controls preload="none" src="{sound}"></audio></figure>'
    )


def _pictures(stems, sample_rate):
    """Spectrograms in the colour of each stem, on one scale of loudness, as PNG data URLs."""
    top = min(HIGHEST, sample_rate / 2)
    grids = [spectrum.levels(x, sample_rate, 640, 80, top) for x in stems.values()]
    # A few peaks may saturate, so that the rest can be seen; silence is not blown up into noise.
    loudest = max(-60.0, *(np.percentile(grid, 99.5) for grid in grids))
    colors = [theme.color_of(name, i) for i, name in enumerate(stems)]
    return [
        _png(np.clip((grid[::-1] - loudest) / RANGE + 1, 0, 1) ** 1.5, color)
        for grid, color in zip(grids, colors, strict=True)
    ]


def _png(opacity, color):
    """A picture of one colour whose opacity varies, so that it suits light and dark pages."""
    shades = np.round(opacity * 31).astype("uint8")  # 32 shades look smooth and compress well
    alpha = bytes(round(i * 255 / 31) for i in range(32))
    height, width = shades.shape
    lines = b"".join(b"\0" + line.tobytes() for line in shades)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, palette
    palette = bytes.fromhex(color[1:]) * 32
    data = b"".join(
        chunk(kind, part)
        for kind, part in (
            (b"IHDR", header),
            (b"PLTE", palette),
            (b"tRNS", alpha),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()
