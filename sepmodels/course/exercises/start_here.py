"""Exercises of notebook 00."""

import numpy as np

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.evaluation import metrics

EXERCISES = {
    "00.1": Exercise(
        metrics.sdr,
        lambda: [(x := noise(4000, 2), x * (0.9, 0.6))],
        {
            "Twice too large: energies are squares already, so the factor is 10, not 20.": (
                lambda s, e: 2 * metrics.sdr(s, e)
            ),
            "The fraction is inverted: the energy of the error is the denominator.": lambda s, e: (
                -metrics.sdr(s, e)
            ),
            "log is the natural logarithm; decibels use log10.": lambda s, e: (
                metrics.sdr(s, e) * np.log(10)
            ),
            "Sum over both channels before you divide: it is one ratio, not the mean of two.": (
                lambda s, e: np.mean([metrics.sdr(s[:, c], e[:, c]) for c in range(2)])
            ),
        },
    )
}
