"""`Batches`: segments of songs as inputs and targets of the training model."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from sepmodels.datasets.segments import Augment, cut_excerpts, draw_segments
from sepmodels.datasets.track import Track
from sepmodels.models.base.trainable import Trainable
from sepmodels.training.recipe import Recipe


class Batches:
    """Batches of songs for a training, random or consecutive.

    Args:
        model: `Trainable`, of the recipe.
        recipe: `Recipe`.
        tracks: list of `Track`.
    """

    def __init__(self, model: Trainable, recipe: Recipe, tracks: Sequence[Track]):
        self._model = model
        self._recipe = recipe
        self._tracks = tracks
        # The input of a model without padding is longer than its output, by its context.
        samples = round(recipe.segment * model.sample_rate)
        self._length, self._output_length = model.valid_length(samples)
        self._form = {
            "sources": model.sources,
            "sample_rate": model.sample_rate,
            "channels": model.channels,
            "domains": model.domains,
        }

    def draw(self, start: int = 0) -> tf.data.Dataset:
        """Draw random batches for training, endlessly.

        Args:
            start: int. Number of the first example. Defaults to `0`.

        Returns:
            A `tf.data.Dataset` of `(inputs, targets)` for the training model.
        """
        return self._draw_segments(start).map(self._pair).prefetch(2)

    def cut(self) -> tf.data.Dataset:
        """Cut the songs into consecutive batches for validation: a finite `tf.data.Dataset`."""
        batch_size, step = self._recipe.batch_size, self._output_length
        excerpts = cut_excerpts(self._tracks, self._length, batch_size, step=step, **self._form)
        return excerpts.map(self._pair)

    def adapt(self) -> None:
        """Fit the statistics that the model needs before training, on the first batches."""
        segments = self._draw_segments().take(8)
        self._model.adapt(np.concatenate([mixture for mixture, *_ in segments]))

    def _draw_segments(self, start=0):
        recipe = self._recipe
        options = {"augment": Augment(recipe.gains, recipe.cross_songs, **recipe.augment)}
        options |= {"seed": recipe.seed, "start": start, **self._form}
        return draw_segments(self._tracks, self._length, recipe.batch_size, **options)

    @tf.autograph.experimental.do_not_convert  # plain tensor code, nothing to convert
    def _pair(self, mixture, stems, label=None):
        margin = (self._length - self._output_length) // 2
        centre = slice(margin, margin + self._output_length)
        stems = {source: stem[:, centre] for source, stem in stems.items()}
        return self._model.training_pair(mixture, stems, self._recipe.loss_on, label)
