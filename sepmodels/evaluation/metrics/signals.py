"""What every score asks of its signals: equal shapes, finite samples, windows, silence."""

import numpy as np

from sepmodels import _checks


def windows(length, sample_rate, window=1.0, hop=1.0):
    """The windows that BSSEval v4 cuts a song into.

    What is left at the end and fills no window is dropped; a song shorter than one window is one
    window.

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

    >>> sm.metrics.windows(length=350, sample_rate=100)
    [slice(0, 100, None), slice(100, 200, None), slice(200, 300, None)]
    """
    size, step = int(window * sample_rate), int(hop * sample_rate)
    for name, samples, seconds in (("window", size, window), ("hop", step, hop)):
        if samples < 1:
            raise ValueError(
                f"{name} must be one sample or more. Received {name}={seconds} seconds "
                f"at sample_rate={sample_rate}."
            )
    count = (length - size) // step + 1 if size < length else 1
    return [slice(i * step, min(i * step + size, length)) for i in range(count)]


def is_silent(samples):
    """Whether the channels sum to zero at every sample: museval's test of silence.

    Args:
        samples: array. `(time, channels)` or `(time,)`.

    Returns:
        bool.

    Example:

    >>> sm.metrics.is_silent(np.zeros((100, 2)))
    True
    """
    # Sound shows in the first samples as a rule; only silence must be read to its end.
    return not any(
        np.any(sum(part.T) if part.ndim == 2 else part) for part in (samples[:64], samples)
    )


def fit(samples, length):
    """Cut samples at the end, or pad them with silence, as museval does to estimates.

    Codecs and separators leave a few samples more or less. A difference of seconds means that the
    files are not of the same song: look, before it is cut away.

    Args:
        samples: array. `(time, channels)` or `(time,)`.
        length: int. In samples.

    Returns:
        array of that length.

    Example:

    >>> sm.metrics.fit(np.ones(3), 5), sm.metrics.fit(np.ones(3), 2)
    (array([1., 1., 1., 0., 0.]), array([1., 1.]))
    """
    samples = np.asarray(samples)
    _checks.sound("samples", samples, mono=True, empty=True)
    samples = samples[:length]
    missing = [(0, length - len(samples))] + [(0, 0)] * (samples.ndim - 1)
    return np.pad(samples, missing)


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
    """The signals of all sources, by name: `(references, estimates)`, every array of one shape."""
    if set(references) != set(estimates) or len(references) < 2:
        raise ValueError(
            "BSSEval compares two sources or more, with an estimate for each. Received "
            f"references={sorted(references)} and estimates={sorted(estimates)}."
        )
    pairs = [check_pair(references[name], estimates[name]) for name in references]
    shapes = sorted({reference.shape for reference, _ in pairs})
    if len(shapes) > 1:
        raise ValueError(f"All sources must have one shape. Received shapes {shapes}.")
    return tuple(list(side) for side in zip(*pairs, strict=True))


def decibels(signal, noise):
    """A ratio of energies in dB; infinite where there is no noise."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10(np.divide(signal, noise))
