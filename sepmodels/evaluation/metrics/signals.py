"""What all scores share: checks of signals, windows, silence, decibels."""

import numpy as np

from sepmodels import _checks


def split_windows(length, sample_rate, window=1.0, hop=1.0):
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
        if samples < 1:
            raise ValueError(
                f"{name} must be one sample or more, in seconds. Received: {name}={seconds}, "
                f"sample_rate={sample_rate}"
            )
    count = (length - size) // step + 1 if size < length else 1
    return [slice(i * step, min(i * step + size, length)) for i in range(count)]


def is_silent(samples):
    """Test whether the channels sum to zero at every sample: museval's definition of silence.

    Args:
        samples: array. `(time, channels)` or `(time,)`.

    Returns:
        bool.

    Example:

    >>> sm.metrics.is_silent(np.zeros((100, 2)))
    True
    """
    # The first samples decide as a rule; only silence must be read to its end.
    return not any(
        np.any(sum(part.T) if part.ndim == 2 else part) for part in (samples[:64], samples)
    )


def fit(samples, length):
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


def check_pair(reference, estimate):
    """Both as arrays, of one shape and finite."""
    reference, estimate = np.asarray(reference), np.asarray(estimate)
    for name, samples in (("reference", reference), ("estimate", estimate)):
        _checks.sound(name, samples, mono=True)
    if reference.shape != estimate.shape:
        raise ValueError(
            "reference and estimate must have one shape. "
            f"Received: {reference.shape} and {estimate.shape}"
        )
    return reference, estimate


def check_sources(references, estimates):
    """Return the signals of all sources as two lists, references and estimates, of one shape."""
    if set(references) != set(estimates) or len(references) < 2:
        raise ValueError(
            "references and estimates must name the same two sources or more. Received: "
            f"references={sorted(references)}, estimates={sorted(estimates)}"
        )
    pairs = [check_pair(references[name], estimates[name]) for name in references]
    shapes = sorted({reference.shape for reference, _ in pairs})
    if len(shapes) > 1:
        raise ValueError(f"All sources must have one shape. Received: shapes {shapes}")
    return tuple(list(side) for side in zip(*pairs, strict=True))


def to_decibels(signal, noise):
    """Convert a ratio of energies to dB; infinite where there is no noise."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10(np.divide(signal, noise))
