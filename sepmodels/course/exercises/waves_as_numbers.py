"""Exercises of notebook 02."""

import numpy as np

from sepmodels import signal
from sepmodels.course.exercises.exercise import Exercise, noise


def _wiener_mask(vocals, accompaniment):
    """The share of the vocals in the power; none where there is none."""
    powers = np.square([vocals, accompaniment])
    return powers[0] / np.maximum(powers.sum(axis=0), np.finfo("float32").tiny)


def _unguarded(vocals, accompaniment):
    with np.errstate(invalid="ignore"):
        return vocals**2 / (vocals**2 + accompaniment**2)


def _overwritten(frames, hop):
    """As `overlap_add`, but the later frame wins."""
    samples = np.zeros((len(frames) - 1) * hop + frames.shape[1], "float32")
    for index, frame in enumerate(frames):
        samples[index * hop : index * hop + len(frame)] = frame
    return samples


def _magnitudes():
    vocals, accompaniment = np.abs(noise(2, 6, 5))
    vocals[2], accompaniment[:3] = 0, 0
    return vocals, accompaniment


EXERCISES = {
    "02.1": Exercise(
        signal.mu_law_encode,
        lambda: [(np.linspace(-1, 1, 401, dtype="float32"), 256), (0.1 * noise(300, 2), 64)],
        {
            "You cut the fraction off; the nearest class is wanted.": lambda x, classes: (
                signal.mu_law_encode(x, classes, convention="truncate")
            ),
            "The sign is lost: soft negative samples belong below the middle.": lambda x, classes: (
                signal.mu_law_encode(np.abs(x), classes)
            ),
            "That is linear: the logarithm is missing.": lambda x, classes: np.floor(
                (np.clip(x, -1, 1) + 1) / 2 * (classes - 1) + 0.5
            ),
            "mu is classes - 1, and so is the highest class.": lambda x, classes: np.floor(
                (np.asarray(signal.mu_law_compress(x, classes + 1)) + 1) / 2 * classes + 0.5
            ),
        },
    ),
    "02.2": Exercise(
        signal.overlap_add,
        lambda: [(noise(5, 8), 4), (noise(7, 12), 3), (np.ones((4, 6), "float32"), 2)],
        {
            "A frame replaces what was there; it should be added to it.": _overwritten,
            "Side by side: every frame begins a hop behind the one before, and they overlap.": (
                lambda frames, hop: frames.ravel()
            ),
        },
    ),
    "02.3": Exercise(
        _wiener_mask,
        lambda: [tuple(np.abs(noise(2, 9, 7))), _magnitudes()],
        {
            "Where nothing sounds you divide 0 by 0: the mask is to be 0 there.": _unguarded,
            "That is the mask of magnitudes; powers are asked for.": lambda v, a: (
                v / np.maximum(v + a, 1e-30)
            ),
            "That is the mask of the accompaniment.": lambda v, a: _wiener_mask(a, v),
            "A ratio of two sources is no share: it goes beyond 1.": lambda v, a: (
                v**2 / np.maximum(a**2, 1e-30)
            ),
        },
    ),
}
