"""Exercises of notebook 02."""

import numpy as np

from sepmodels import signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _wiener_mask(vocals, accompaniment):
    """The fraction of the power that belongs to the vocals; zero where there is no power."""
    powers = np.square([vocals, accompaniment])
    return powers[0] / np.maximum(powers.sum(axis=0), np.finfo("float32").tiny)


def _unguarded(vocals, accompaniment):
    with np.errstate(invalid="ignore"):
        return vocals**2 / (vocals**2 + accompaniment**2)


def _overwritten(frames, hop):
    """Like `overlap_add`, but a later frame replaces an earlier one."""
    samples = np.zeros((len(frames) - 1) * hop + frames.shape[1], "float32")
    for index, frame in enumerate(frames):
        samples[index * hop : index * hop + len(frame)] = frame
    return samples


def _quantize(samples, classes, mu):
    """Companding without a limit for the samples, and quantisation to the nearest class."""
    samples = samples.astype("float64")
    companded = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
    return np.floor((companded + 1) / 2 * (classes - 1) + 0.5)


def _magnitudes():
    vocals, accompaniment = np.abs(noise(2, 6, 5))
    vocals[2], accompaniment[:3] = 0, 0
    return vocals, accompaniment


EXERCISES = {
    "02.1": Exercise(
        signal.mu_law_encode,
        lambda: [(np.linspace(-1.5, 1.5, 401, dtype="float32"), 256), (0.1 * noise(300, 2), 64)],
        {
            "Samples beyond full scale get classes that do not exist: clip to [-1, 1] first.": (
                lambda x, classes: _quantize(x, classes, classes - 1)
            ),
            "You truncate the fraction; the nearest class is expected.": lambda x, classes: (
                signal.mu_law_encode(x, classes, convention="truncate")
            ),
            "The sign is lost: negative samples belong below the middle class.": (
                lambda x, classes: signal.mu_law_encode(np.abs(x), classes)
            ),
            "That is linear: the logarithm is missing.": lambda x, classes: np.floor(
                (np.clip(x, -1, 1) + 1) / 2 * (classes - 1) + 0.5
            ),
            "mu is classes - 1, and so is the index of the highest class.": lambda x, classes: (
                np.floor(
                    (np.asarray(signal.mu_law_compress(x, classes + 1)) + 1) / 2 * classes + 0.5
                )
            ),
        },
    ),
    "02.2": Exercise(
        signal.overlap_add,
        lambda: [(noise(5, 8), 4), (noise(7, 12), 3), (np.ones((4, 6), "float32"), 2)],
        {
            "A frame replaces the samples that were there; add it to them.": _overwritten,
        },
    ),
    "02.3": Exercise(
        _wiener_mask,
        lambda: [tuple(np.abs(noise(2, 9, 7))), _magnitudes()],
        {
            "Where both magnitudes are zero you divide 0 by 0; the mask is 0 there.": _unguarded,
            "That is the ratio of magnitudes; the mask is the ratio of powers.": lambda v, a: (
                v / np.maximum(v + a, 1e-30)
            ),
            "That is the mask of the accompaniment.": lambda v, a: _wiener_mask(a, v),
            "A ratio of two sources can exceed 1; divide by their sum.": (
                lambda v, a: v**2 / np.maximum(a**2, 1e-30)
            ),
        },
    ),
}
