"""Batches of a training: segments of songs as inputs and targets of the training model."""

import numpy as np
import tensorflow as tf

from sepmodels.datasets.segments import Augment, cut_excerpts, draw_segments


def draw_batches(model, recipe, tracks, start=0):
    """Draw random batches for training, endlessly.

    Args:
        model: `Trainable`, of the recipe.
        recipe: `Recipe`.
        tracks: list of `Track`.
        start: int. Number of the first example. Defaults to `0`.

    Returns:
        A `tf.data.Dataset` of `(inputs, targets)` for the training model.
    """
    segments = _draw_segments(model, recipe, tracks, start)
    return segments.map(_make_pairing(model, recipe)).prefetch(2)


def cut_batches(model, recipe, tracks):
    """Cut songs into consecutive batches for validation.

    Args:
        model: `Trainable`, of the recipe.
        recipe: `Recipe`.
        tracks: list of `Track`.

    Returns:
        A finite `tf.data.Dataset` of `(inputs, targets)` for the training model.
    """
    length, step = _find_lengths(model, recipe)
    segments = cut_excerpts(tracks, length, recipe.batch_size, step=step, **_find_form(model))
    return segments.map(_make_pairing(model, recipe))


def adapt(model, recipe, tracks):
    """Fit the statistics that the model needs before training, on the first batches."""
    segments = _draw_segments(model, recipe, tracks).take(8)
    model.adapt(np.concatenate([mixture for mixture, *_ in segments]))


def _draw_segments(model, recipe, tracks, start=0):
    return draw_segments(
        tracks,
        _find_lengths(model, recipe)[0],
        recipe.batch_size,
        augment=Augment(recipe.gains, recipe.cross_songs, **recipe.augment),
        seed=recipe.seed,
        start=start,
        **_find_form(model),
    )


def _find_lengths(model, recipe):
    return model.valid_length(round(recipe.segment * model.sample_rate))


def _find_form(model):
    form = {"sources": model.sources, "sample_rate": model.sample_rate, "channels": model.channels}
    return form if model.domains is None else {**form, "domains": model.domains}


def _make_pairing(model, recipe):
    # The input of a model without padding is longer than its output, by its context.
    length, output_length = _find_lengths(model, recipe)
    margin = (length - output_length) // 2

    @tf.autograph.experimental.do_not_convert  # plain tensor code, nothing to convert
    def pair(mixture, stems, label=None):
        centre = {
            source: stem[:, margin : margin + output_length] for source, stem in stems.items()
        }
        return model.training_pair(mixture, centre, recipe.loss_on, label)

    return pair
