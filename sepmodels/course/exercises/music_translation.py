"""Exercises of notebook 25."""

import numpy as np
from keras import ops

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.models.music_translation.training_model import cross_entropy


def _costs(reconstruction, domains, weight):
    """The loss of the classifier, and the loss of the encoder and the decoders."""
    own = weight * float(cross_entropy(ops.convert_to_tensor(domains)))
    return np.array([own, reconstruction - own])


EXERCISES = {
    "25.1": Exercise(
        _costs,
        lambda: [(2.5, 2 * noise(5, 3, 3), 0.5), (1.5, noise(4, 2, 2), 0.01)],
        {
            "The encoder maximises the cross-entropy of the classifier: it is subtracted there.": (
                lambda reconstruction, domains, weight: (
                    _costs(-reconstruction, domains, weight) * (1, -1)
                )
            ),
            "The weight belongs to both: the loss of the classifier is multiplied by it, too.": (
                lambda reconstruction, domains, weight: (
                    _costs(reconstruction, domains, weight) / np.array([weight, 1])
                )
            ),
        },
    )
}
