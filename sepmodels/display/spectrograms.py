"""Pictures of sound: spectrograms and waveforms."""

import numpy as np

from sepmodels.display import magnitudes, theme

RANGE = 80  # dB from the loudest to what is drawn as silence
TICKS = (0, 500, 1000, 2000, 4000, 8000, 16000)  # Hz


def spectrogram(samples, sample_rate, *, title=None):
    """Draw one sound: time, frequency on a mel scale, level in dB.

    Args:
        samples: array `(time, channels)` or `(time,)`. Channels are averaged in power.
        sample_rate: int. In Hz.
        title: str. What the picture shows, as a finding. Defaults to `None`.

    Returns:
        matplotlib Figure.

    Example:

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> picture = sm.display.spectrogram(tone, 8000, title="A single line at 440 Hz")
    >>> picture.get_supylabel(), picture.get_suptitle()
    ('frequency (Hz)', 'A single line at 440 Hz')
    """
    return _draw({"": samples}, sample_rate, title)


def spectrograms(stems, sample_rate, *, title=None):
    """Draw several sounds below each other, on one scale of loudness.

    The same colour is the same level in all of them, so what leaks from one stem into another can
    be compared by eye.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`.
        sample_rate: int. In Hz.
        title: str. What the pictures show, as a finding. Defaults to `None`.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are no stems.

    Example:

    >>> noise = np.random.default_rng(0).normal(size=8000)
    >>> picture = sm.display.spectrograms({"vocals": 0.1 * noise, "other": noise}, 8000)
    >>> [axes.get_title(loc="left") for axes in picture.axes[:2]]
    ['vocals', 'other']
    """
    return _draw(stems, sample_rate, title)


def waveforms(stems, sample_rate, *, title=None, points=1500):
    """Draw the envelopes of several sounds below each other, on one scale.

    Each point spans from the lowest to the highest sample of its stretch, so no peak is lost.

    Args:
        stems: mapping. Name to array `(time, channels)` or `(time,)`; all channels are drawn.
        sample_rate: int. In Hz.
        title: str. What the pictures show, as a finding. Defaults to `None`.
        points: int. Stretches along the time axis. Defaults to `1500`.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are no stems.

    Example:

    >>> tone = 0.5 * np.sin(np.arange(8000) / 9)
    >>> picture = sm.display.waveforms({"vocals": tone}, 8000, title="A steady tone")
    >>> float(picture.axes[0].get_xlim()[1]), float(picture.axes[0].dataLim.ymax.round(2))
    (1.0, 0.5)
    """
    _check(stems)
    size = (8, 0.6 + 0.9 * len(stems))
    with theme.figure(len(stems), size=size, sharex=True, sharey=True) as (figure, all_axes):
        for i, (axes, (name, samples)) in enumerate(zip(all_axes, stems.items(), strict=True)):
            samples = np.asarray(samples).reshape(len(samples), -1)
            starts = np.unique(np.linspace(0, len(samples), points + 1).astype(int)[:-1])
            low = np.minimum.reduceat(samples.min(axis=1), starts)
            high = np.maximum.reduceat(samples.max(axis=1), starts)
            color = theme.color_of(name, i)
            # A line as well: where a stretch is one sample, low and high are the same.
            axes.fill_between(starts / sample_rate, low, high, color=color, linewidth=0.6)
            axes.set_title(name, fontsize=9, color=color)
        all_axes[-1].set_xlabel("time (s)")
        all_axes[-1].set_xlim(0, max(map(len, stems.values())) / sample_rate)
        figure.supylabel("amplitude", fontsize=9, color="#444444")
        _head(figure, title)
    return figure


def _draw(stems, sample_rate, title):
    _check(stems)
    grids = [magnitudes.levels(samples, sample_rate) for samples in stems.values()]
    loudest = np.ceil(max(-60.0, *(grid.max() for grid in grids)) / 5) * 5
    size = (8, 0.8 + 1.7 * len(stems))
    with theme.figure(len(stems), size=size, sharex=True) as (figure, all_axes):
        for i, (axes, (name, samples)) in enumerate(zip(all_axes, stems.items(), strict=True)):
            ends = (0, len(samples) / sample_rate, 0, magnitudes.mel(sample_rate / 2))
            image = axes.imshow(
                grids[i], aspect="auto", origin="lower", extent=ends, interpolation="bilinear",
                cmap="magma", vmin=loudest - RANGE, vmax=loudest,
            )  # fmt: skip
            ticks = [hertz for hertz in TICKS if hertz <= sample_rate / 2]
            axes.set_yticks(magnitudes.mel(ticks), [f"{hertz:,}" for hertz in ticks])
            axes.grid(False)
            if name:
                axes.set_title(name, fontsize=9, color=theme.color_of(name, i))
        all_axes[-1].set_xlabel("time (s)")
        figure.supylabel("frequency (Hz)", fontsize=9, color="#444444")
        figure.colorbar(image, ax=list(all_axes), label="level (dB)", aspect=20 * len(stems))
        _head(figure, title)
    return figure


def _head(figure, title):
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")


def _check(stems):
    if not stems or any(len(samples) == 0 for samples in stems.values()):
        shapes = {name: np.shape(samples) for name, samples in stems.items()}
        raise ValueError(f"There must be a sound to draw, not an empty one. Received {shapes}.")
