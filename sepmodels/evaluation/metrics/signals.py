"""Signals, as all scores see them: checks, windows, silence and decibels."""

from collections.abc import Mapping

import numpy as np

from sepmodels import _checks

Stems = Mapping[str, np.ndarray]  # source name to samples


def split_windows(
    length: int, sample_rate: int, window: float = 1.0, hop: float = 1.0
) -> list[slice]:
    """Split a song into the windows of BSSEval v4.

    A remainder that fills no window is dropped; a song shorter than one window is one window.

    Args:
        length: int. In samples.
        sample_rate: int. In Hz.
        window: float. In seconds. Defaults to `1.0`.
        hop: float. In seconds. Defaults to `1.0`.

    Returns:
        list of slices.

    Raises:
        ValueError: if a window or a hop is below one sample.

    Example:

    >>> sm.metrics.split_windows(length=350, sample_rate=100)
    [slice(0, 100, None), slice(100, 200, None), slice(200, 300, None)]
    """
    size, step = int(window * sample_rate), int(hop * sample_rate)
    for name, samples, seconds in (("window", size, window), ("hop", step, hop)):
        rule = f"{name} must be one sample or more, in seconds"
        _checks.require(samples >= 1, rule, **{name: seconds}, sample_rate=sample_rate)
    count = (length - size) // step + 1 if size < length else 1
    return [slice(i * step, min(i * step + size, length)) for i in range(count)]


def is_silent(samples: np.ndarray) -> bool:
    """Test whether the channels sum to zero at every sample: museval's definition of silence.

    Args:
        samples: array. `(time, channels)` or `(time,)`.

    Returns:
        bool.

    Example:

    >>> sm.metrics.is_silent(np.zeros((100, 2)))
    True
    """
    samples = np.asarray(samples)
    _checks.sound("samples", samples, mono=True, empty=True)
    # The first samples usually decide; only silence must be read to its end.
    return not any(
        np.any(sum(part.T) if part.ndim == 2 else part) for part in (samples[:64], samples)
    )


def fit(samples: np.ndarray, length: int) -> np.ndarray:
    """Cut samples at the end, or pad them with silence, as museval does to estimates.

    Codecs and separators add or drop a few samples. A difference of seconds means that the files
    are not of the same song.

    Args:
        samples: array. `(time, channels)` or `(time,)`.
        length: int. In samples.

    Returns:
        array of that length.

    Example:

    >>> sm.metrics.fit(np.ones(3), 5), sm.metrics.fit(np.ones(3), 2)
    (array([1., 1., 1., 0., 0.]), array([1., 1.]))
    """
    import librosa

    samples = np.asarray(samples)
    _checks.sound("samples", samples, mono=True, empty=True)
    return librosa.util.fix_length(samples, size=length, axis=0)


def check_signals(signals, mono=True):
    """Return signals as arrays, after a check that they are finite and of one shape.

    Args:
        signals: dict. What an error calls a signal to its samples.
        mono: bool. Whether an array of one axis is also allowed. Defaults to `True`.
    """
    signals = {name: np.asarray(samples) for name, samples in signals.items()}
    for name, samples in signals.items():
        _checks.sound(name, samples, mono=mono)
    first, expected = next(iter(signals.items()))
    for name, samples in signals.items():
        rule = (
            f"{name} and {first} must have one shape: metrics.fit changes the length, "
            "audio.resample the sample rate, np.repeat(stem, 2, axis=1) the channels of a mono stem"
        )
        shapes = samples.shape, expected.shape
        _checks.require(shapes[0] == shapes[1], rule, shapes=shapes)
    return [*signals.values()]


def check_pair(reference, estimate):
    """Return a true and a separated stem as arrays; see `check_signals`."""
    return check_signals({"reference": reference, "estimate": estimate})


def check_sources(references, estimates, least=2, mono=True, **others):
    """Return all signals as arrays of one shape.

    Args:
        references: mapping. Source name to true stem.
        estimates: mapping. The same names to separated stems.
        least: int. The smallest number of sources. Defaults to `2`.
        mono: bool. Whether an array of one axis is also allowed. Defaults to `True`.
        **others: arrays of the same shape, such as the mixture.

    Returns:
        list. Two lists, the references and the estimates in the order of `references`; then the
        `others`.
    """
    names = {"references": sorted(references), "estimates": sorted(estimates)}
    rule = (
        f"references and estimates must name the same sources, at least {least}: leave out what is "
        "not scored; a missing accompaniment is the sum of the stems without vocals"
    )
    fits = names["references"] == names["estimates"] and len(references) >= least
    _checks.require(fits, rule, **names)
    sides = {"references": references, "estimates": estimates}
    named = {
        f"{side}[{name!r}]": stems[name] for side, stems in sides.items() for name in references
    }
    signals, count = check_signals({**named, **others}, mono), len(references)
    return [signals[:count], signals[count : 2 * count], *signals[2 * count :]]


def to_decibels(signal, noise):
    """Convert a ratio of energies to dB; infinite where there is no noise."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10(np.divide(signal, noise))
