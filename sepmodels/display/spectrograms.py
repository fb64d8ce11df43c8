"""Pictures of sound: spectrograms and waveforms."""

from collections.abc import Mapping

import numpy as np

from sepmodels import _checks
from sepmodels.display import theme
from sepmodels.display.mel_spectrogram import compute_mel_spectrogram, hz_to_mel

RANGE = 80  # dB from the loudest to what is drawn as silence
TICKS = (0, 500, 1000, 2000, 4000, 8000, 16000)  # Hz


def plot_spectrogram(
    samples: np.ndarray, sample_rate: int, *, title: str | None = None
) -> "theme.Figure":
    """Draw one sound: time, frequency on a mel scale, magnitude in dB.

    Args:
        samples: array `(time, channels)` or `(time,)`. Channels are averaged in power.
        sample_rate: int. In Hz.
        title: str. What the picture shows, as a finding. Defaults to `None`.

    Returns:
        matplotlib Figure.

    Example:

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> picture = sm.display.plot_spectrogram(tone, 8000, title="A single line at 440 Hz")
    >>> picture.get_supylabel(), picture.get_suptitle()
    ('frequency (Hz)', 'A single line at 440 Hz')
    """
    return plot_spectrograms({"": samples}, sample_rate, title=title)


def plot_spectrograms(
    stems: Mapping[str, np.ndarray], sample_rate: int, *, title: str | None = None
) -> "theme.Figure":
    """Draw several sounds below each other, on one scale of magnitude.

    The same colour is the same magnitude in all of them, so what leaks from one stem into another
    can be compared by eye.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`.
        sample_rate: int. In Hz.
        title: str. What the pictures show, as a finding. Defaults to `None`.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are no stems, or one is empty.

    Example:

    >>> noise = np.random.default_rng(0).normal(size=8000)
    >>> picture = sm.display.plot_spectrograms({"vocals": 0.1 * noise, "other": noise}, 8000)
    >>> [axes.get_title(loc="left") for axes in picture.axes[:2]]
    ['vocals', 'other']
    """
    _check(stems)
    grids = [compute_mel_spectrogram(samples, sample_rate) for samples in stems.values()]
    loudest = np.ceil(max(-60.0, *(grid.max() for grid in grids)) / 5) * 5
    ticks = [hertz for hertz in TICKS if hertz <= sample_rate / 2]
    size = (8, 0.8 + 1.7 * len(stems))
    with theme.draw_figure(len(stems), size=size, title=title, sharex=True) as (figure, panels):
        for axes, grid, (name, samples) in zip(panels, grids, stems.items(), strict=True):
            extent = (0, len(samples) / sample_rate, 0, hz_to_mel(sample_rate / 2))
            image = axes.imshow(
                grid, aspect="auto", origin="lower", extent=extent, interpolation="bilinear",
                cmap="magma", vmin=loudest - RANGE, vmax=loudest,
            )  # fmt: skip
            axes.set_yticks(hz_to_mel(ticks), [f"{hertz:,}" for hertz in ticks])
            axes.grid(False)
            if name:
                axes.set_title(name, fontsize=9, color=theme.color_of(name))
        panels[-1].set_xlabel("time (s)")
        figure.supylabel("frequency (Hz)", fontsize=9)
        figure.colorbar(image, ax=list(panels), label="magnitude (dB)", aspect=20 * len(stems))
    return figure


def plot_waveforms(
    stems: Mapping[str, np.ndarray],
    sample_rate: int,
    *,
    title: str | None = None,
    points: int = 1500,
) -> "theme.Figure":
    """Draw the envelopes of several sounds below each other, on one scale.

    Each point spans from the lowest to the highest sample of its interval, so no peak is lost.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`; all channels are drawn.
        sample_rate: int. In Hz.
        title: str. What the pictures show, as a finding. Defaults to `None`.
        points: int. Intervals along the time axis. Defaults to `1500`.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are no stems, or one is empty.

    Example:

    >>> tone = 0.5 * np.sin(np.arange(8000) / 9)
    >>> picture = sm.display.plot_waveforms({"vocals": tone}, 8000, title="A steady tone")
    >>> float(picture.axes[0].get_xlim()[1]), float(picture.axes[0].dataLim.ymax.round(2))
    (1.0, 0.5)
    """
    _check(stems)
    size = (8, 0.6 + 0.9 * len(stems))
    shared = {"sharex": True, "sharey": True}
    with theme.draw_figure(len(stems), size=size, title=title, **shared) as (figure, panels):
        for axes, (name, samples) in zip(panels, stems.items(), strict=True):
            samples = np.asarray(samples).reshape(len(samples), -1)
            starts = np.unique(np.linspace(0, len(samples), points + 1).astype(int)[:-1])
            low = np.minimum.reduceat(samples.min(axis=1), starts)
            high = np.maximum.reduceat(samples.max(axis=1), starts)
            color = theme.color_of(name)
            # A line as well: where an interval is one sample, low and high are equal.
            axes.fill_between(starts / sample_rate, low, high, color=color, linewidth=0.6)
            axes.set_title(name, fontsize=9, color=color)
        panels[-1].set_xlabel("time (s)")
        panels[-1].set_xlim(0, max(map(len, stems.values())) / sample_rate)
        figure.supylabel("amplitude", fontsize=9)
    return figure


def _check(stems):
    if not stems:
        raise ValueError("stems must contain a sound. Received: none")
    for name, samples in stems.items():
        _checks.sound(f"stems[{name!r}]", samples, mono=True)
