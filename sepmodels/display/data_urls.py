"""Sounds and small pictures as data URLs, so that a page contains everything it shows."""

import base64
import functools
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile
from PIL import Image

from sepmodels import audio
from sepmodels.display import theme
from sepmodels.display.mel_spectrogram import compute_mel_spectrogram

# Exact to 16 bits if that fits the budget, else MP3 of variable rate, from transparent
# quality to the lowest that is acceptable.
# (LAME's constant rates lose up to 0.4 dB; the variable ones keep the level to 0.01 dB.)
# FLAC and MP3 play in every browser; Ogg does not in older Safaris, and M4A needs a licensed
# encoder. MP3 pads every file by the same, stated amount, so stems remain synchronous.
ENCODINGS = (
    {"format": "FLAC", "subtype": "PCM_16", "compression_level": 0.9},
    *(
        {"format": "MP3", "compression_level": level, "bitrate_mode": "VARIABLE"}
        for level in (0.2, 0.5, 0.7, 0.8, 0.95)
    ),
)
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
PROBE = 15  # seconds, taken from all over a long song to estimate its size
RANGE = 65  # dB from the loudest to what is no longer drawn
HIGHEST = 10_000  # Hz, the upper edge of the small pictures


def encode_sounds(stems, sample_rate, budget):
    """Encode stems in the best quality whose total size is within the budget.

    Args:
        stems: list of arrays `(time, channels)`, of one length, at most 1 in magnitude.
        sample_rate: int. In Hz.
        budget: int. Most bytes of all together.

    Returns:
        `(urls, format)`: a list of str, and `"FLAC"` or `"MP3"`.

    Raises:
        ValueError: if even the plainest encoding is too large.

    Example:

    >>> from sepmodels.display import data_urls
    >>> urls, kind = data_urls.encode_sounds([np.zeros((8000, 1))], 8000, budget=20_000)
    >>> urls[0][:22], kind
    ('data:audio/flac;base64', 'FLAC')
    """
    seconds = len(stems[0]) / sample_rate
    with ThreadPoolExecutor() as pool:  # the encoders release the interpreter lock
        for encoding in ENCODINGS:
            encode = functools.partial(_encode, sample_rate=sample_rate, encoding=encoding)
            size = 0
            if seconds > 2 * PROBE:
                probes = pool.map(encode, [_take_probe(samples, sample_rate) for samples in stems])
                size = sum(map(len, probes)) * seconds / PROBE
            if size <= budget:
                urls = list(pool.map(encode, stems))
                size = sum(map(len, urls))
                if size <= budget:
                    return urls, encoding["format"]
    raise ValueError(
        f"{len(stems)} stems of {seconds:.0f} s take {size:.0f} bytes even as plain MP3, above "
        f"the {budget} bytes that the budget leaves for sound: play an excerpt, such as "
        "samples[: 30 * sample_rate], or raise the budget."
    )


def encode_spectrograms(stems, sample_rate, columns=640, rows=80):
    """Draw spectrograms in the colour of each stem, on one scale of magnitude, as PNG data URLs.

    Args:
        stems: dict. Name to array `(time, channels)`.
        sample_rate: int. In Hz.
        columns: int. Most columns of a picture. Defaults to `640`.
        rows: int. From 0 Hz up to `find_highest(sample_rate)`, even in mel. Defaults to `80`.

    Returns:
        list of str.
    """
    highest = find_highest(sample_rate)
    grids = [
        compute_mel_spectrogram(x, sample_rate, columns, rows, highest) for x in stems.values()
    ]
    # A few peaks may saturate so that the rest is visible; silence is not amplified to noise.
    loudest = max(-60.0, *(np.percentile(grid, 99.5) for grid in grids))
    return [
        _encode_png(np.clip((grid[::-1] - loudest) / RANGE + 1, 0, 1) ** 1.5, theme.color_of(name))
        for name, grid in zip(stems, grids, strict=True)
    ]


def find_highest(sample_rate):
    """Find the upper edge of the small pictures, in Hz."""
    return min(HIGHEST, sample_rate / 2)


def _take_probe(samples, sample_rate):
    """One-second pieces from all over the song, joined."""
    starts = np.linspace(0, len(samples) - sample_rate, PROBE).astype(int)
    return np.concatenate([samples[start : start + sample_rate] for start in starts])


def _encode(samples, sample_rate, encoding):
    rate, kind = sample_rate, encoding["format"].lower()
    if kind == "mp3" and rate not in MP3_RATES:
        rate = min((r for r in MP3_RATES if r >= rate), default=MP3_RATES[-1])
        samples = audio.resample(samples, sample_rate, rate)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **encoding)
    return _data_url("audio/mpeg" if kind == "mp3" else "audio/flac", file)


def _encode_png(opacity, color):
    """A picture of one colour whose opacity varies, so that it suits light and dark pages."""
    shades = np.round(opacity * 31).astype("uint8")  # 32 shades look smooth and compress well
    picture = Image.fromarray(shades).convert("P")
    picture.putpalette(bytes.fromhex(color[1:]) * 32)
    file = io.BytesIO()
    alpha = bytes(round(i * 255 / 31) for i in range(32))
    picture.save(file, "PNG", transparency=alpha, optimize=True, bits=8)
    return _data_url("image/png", file)


def _data_url(kind, file):
    return f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
