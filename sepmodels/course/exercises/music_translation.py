"""Exercises of notebook 25."""

import numpy as np
from keras import ops

from sepmodels.course.exercises.exercise import Exercise, noise
from sepmodels.models.music_translation.training import cross_entropy


def _costs(reconstruction, domains, weight):
    """What the classifier minimises, and what the encoder and the decoders do."""
    telling = weight * float(cross_entropy(ops.convert_to_tensor(domains)))
    return np.array([telling, reconstruction - telling])


EXERCISES = {
    "25.1": Exercise(
        _costs,
        lambda: [(2.5, 2 * noise(5, 3, 3), 0.5), (1.5, noise(4, 2, 2), 0.01)],
        {
            "The encoder wants the classifier to be wrong: there its cross-entropy has a minus.": (
                lambda reconstruction, domains, weight: (
                    _costs(-reconstruction, domains, weight) * (1, -1)
                )
            ),
            "The weight belongs to both: the classifier minimises it too, times the weight.": (
                lambda reconstruction, domains, weight: (
                    _costs(reconstruction, domains, weight) / np.array([weight, 1])
                )
            ),
            "A row of logits belongs to one wave: the softmax goes over the last axis.": (
                lambda reconstruction, domains, weight: _costs(
                    reconstruction, domains.swapaxes(1, 2), weight
                )
            ),
        },
    ),
}
