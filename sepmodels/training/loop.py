"""`train`: a recipe and songs in, a trained model and its history out."""

import contextlib
import dataclasses
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras
import pandas as pd
import tensorflow as tf

from sepmodels import _checks, audio
from sepmodels.datasets.track import Track
from sepmodels.datasets.wav_cache import cache_as_wav
from sepmodels.models.base.trainable import Trainable
from sepmodels.training.batches import Batches
from sepmodels.training.checkpoint import Checkpoint, describe_training
from sepmodels.training.lock import lock_folder
from sepmodels.training.recipe import Recipe


@dataclasses.dataclass(frozen=True)
class Run:
    """A training that has ended.

    Attributes:
        folder: Path. Holds `recipe.json`, `log.csv`, `tensorboard/` and `best.keras`.
        model: `Trainable` with the weights of the best epoch.
        history: DataFrame. One row for each epoch: `epoch`, `loss`, `val_loss`, `learning_rate`,
            `seconds`.
    """

    folder: Path
    model: keras.Model
    history: pd.DataFrame


def train(
    recipe: Recipe,
    tracks: Sequence[Track],
    folder: str | os.PathLike,
    validation: Sequence[Track] | None = None,
    *,
    backing: Sequence[Track] = (),
    initial: Trainable | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
    allow_test_tracks: bool = False,
    progress: bool = True,
) -> Run:
    """Train the model of a recipe on songs.

    The model of the epoch with the least validation loss is kept. If the folder holds an earlier
    training by the same recipe, that one is resumed and ends as if it had never stopped: weights,
    optimizer and position in the stream of examples are restored. After Ctrl-C or the stop button
    of a notebook it resumes from the same step; if killed, from at most five minutes earlier. The
    newest two states are kept, and if one is damaged, the training resumes from the other.

    Songs at another sample rate than that of the model are resampled once, as WAV files in the
    folder, see `datasets.cache_as_wav`.

    Args:
        recipe: `sepmodels.recipes.Recipe`.
        tracks: list of `Track`.
        folder: path. Where to keep everything; created if missing.
        validation: list of `Track`, never trained on. Defaults to `None`: every tenth group of
            the tracks (at least one) is held out. Tracks of one group share a singer or a
            backing.
        backing: list of `Track` without vocals, which are mixed with the voices of other songs.
            Defaults to none.
        initial: model of the class and arguments of the recipe, whose weights to begin with.
            Defaults to `None`: random weights from the seed of the recipe.
        callbacks: sequence of `keras.callbacks.Callback`, called after those of this function.
            Defaults to none.
        strategy: `tf.distribute.MirroredStrategy`, whose devices share each batch of the recipe.
            The losses are those of one device to rounding, unless gradients are clipped, which
            each device does for itself. Tested on two logical CPUs; other strategies are not.
            Defaults to `None`: one device.
        allow_test_tracks: bool. Whether to use songs of a test split. A model that was trained or
            chosen on them can no longer be tested on them. Defaults to `False`.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Returns:
        A `Run`. If the recipe has several stages, that of the last, with the history of all.

    Raises:
        ValueError: the folder belongs to another training, there are no songs to train or to
            validate on, or the songs are test songs or share a group with the validation songs.
        ArithmeticError: the training diverges.
        MemoryError: the device is too small for a training step.
        OSError: the folder cannot be written, or another training is running in it.

    Example:

    >>> import tempfile
    >>> tracks = sm.datasets.synthetic.load(2, seconds=2.0)
    >>> recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)
    >>> recipe = recipe.vary(filters=8, segment=0.5, steps_per_epoch=2, epochs=1)
    >>> run = sm.train(recipe, tracks, tempfile.mkdtemp(), progress=False)
    >>> len(run.history)
    1
    """
    folder = Path(folder)
    _check_types(recipe, tracks=tracks, validation=validation or [], backing=backing)
    if validation is None:
        tracks, validation = hold_out(tracks)
    _check(tracks, validation, backing, allow_test_tracks)
    with lock_folder(folder):
        keras.utils.set_random_seed(recipe.seed)
        with contextlib.nullcontext() if strategy is None else strategy.scope():
            model = recipe.build()
            if initial is not None:
                _set_weights(model, initial)
            training_model = model.training_model(recipe.loss_on)
            recipe.compile(training_model)
        description = describe_training(recipe, tracks, validation, backing, initial)
        checkpoint = Checkpoint(folder, model, training_model, recipe, description)
        tracks, validation, backing = (
            _match_rate(part, model.sample_rate, folder / ".resampled", progress)
            for part in (tracks, validation, backing)
        )
        examples = Batches(model, recipe, [*tracks, *backing])
        excerpts = Batches(model, recipe, validation)
        if checkpoint.position == (0, 0) and initial is None:
            examples.adapt()
        while not checkpoint.finished:
            _fit(examples, excerpts, checkpoint, callbacks, progress)
        if recipe.then is not None:
            stages = {"backing": backing, "callbacks": callbacks, "progress": progress}
            stages |= {"strategy": strategy, "allow_test_tracks": allow_test_tracks}
            run = train(recipe.then, tracks, folder / "then", validation, initial=model, **stages)
            history = pd.concat([checkpoint.history, run.history], ignore_index=True)
            return dataclasses.replace(run, history=history)
    return Run(folder, keras.saving.load_model(checkpoint.best), checkpoint.history)


def _fit(examples, excerpts, checkpoint, callbacks, progress):
    """Train to the last epoch, or to the end of the epoch in which a training was interrupted."""
    recipe, (done, step) = checkpoint.recipe, checkpoint.position
    start = (done * recipe.steps_per_epoch + step) * recipe.batch_size
    board = keras.callbacks.TensorBoard(checkpoint.folder / "tensorboard")
    with _explain_fit_errors(checkpoint):
        checkpoint.model.fit(
            examples.draw(start),
            initial_epoch=done,
            epochs=done + 1 if step else recipe.epochs,
            steps_per_epoch=recipe.steps_per_epoch - step,
            validation_data=excerpts.cut(),
            callbacks=[checkpoint, board, *callbacks],
            shuffle=False,  # the examples are random already
            verbose="auto" if progress else 0,
        )


@contextlib.contextmanager
def _explain_fit_errors(checkpoint):
    recipe = checkpoint.recipe
    try:
        yield
    except KeyboardInterrupt:  # between two steps, never within one
        checkpoint.keep()
        raise
    except tf.errors.OpError as error:
        if "No space left on device" in str(error):  # of the TensorBoard log
            raise OSError(f"{checkpoint.folder}: no space left on device; make room") from error
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise MemoryError(
                "the device has too little memory for a training step: lower batch_size "
                f"({recipe.batch_size}) or segment ({recipe.segment} s) of the recipe"
            ) from error
        damaged = re.search(r"AudioError: (.*)", str(error))  # raised while reading a song
        if damaged is None:
            raise
        raise audio.AudioError(damaged.group(1)) from error


def hold_out(tracks: Sequence[Track]) -> tuple[list[Track], list[Track]]:
    """Divide tracks into training and validation: one group in ten, at least one, is held out.

    The choice depends on the names of the groups alone, so it is the same on every machine.

    Args:
        tracks: list of `Track`.

    Returns:
        `(training, validation)`, two lists of `Track`.

    Example:

    >>> training, validation = sm.training.hold_out(sm.datasets.synthetic.load(4, seconds=1.0))
    >>> len(training), len(validation)
    (3, 1)
    """
    groups = sorted({track.group for track in tracks})
    held = set(groups[4::10] or groups[-1:])
    return (
        [track for track in tracks if track.group not in held],
        [track for track in tracks if track.group in held],
    )


def _match_rate(tracks, sample_rate, folder, progress):
    """Resample the tracks that have another rate, once, into a folder."""
    others = [track for track in tracks if track.sample_rate != sample_rate]
    if not others:
        return tracks
    warnings.warn(
        f"songs resampled once to {sample_rate} Hz, the rate of the model: {len(others)}, "
        f"in {folder}",
        stacklevel=4,
    )
    resampled = iter(cache_as_wav(others, folder, sample_rate, progress=progress))
    return [track if track.sample_rate == sample_rate else next(resampled) for track in tracks]


def _set_weights(model, initial):
    shapes = [[weight.shape for weight in each.weights] for each in (model, initial)]
    rule = "initial must be a model of the class and arguments of the recipe"
    _checks.require(shapes[0] == shapes[1], rule, initial=initial)
    model.set_weights(initial.get_weights())


def _check_types(recipe, **parts):
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe must be a sm.recipes.Recipe. Received: recipe={recipe!r}")
    for name, tracks in parts.items():
        known = isinstance(tracks, list | tuple)
        if not known or not all(isinstance(track, Track) for track in tracks):
            raise TypeError(
                f"{name} must be a list of Track, as sm.datasets.wav_folder.load returns it. "
                f"Received: {name}={tracks!r}"
            )


def _check(tracks, validation, backing, allow_test_tracks):
    rule = "training and validation need songs; pass songs of at least two groups"
    counts = {"tracks": len(tracks), "validation": len(validation)}
    _checks.require(all(counts.values()), rule, **counts)
    trained = [*tracks, *backing]
    shared = {track.group for track in trained} & {track.group for track in validation}
    rule = "validation must not share groups with the training songs; its loss would be too low"
    _checks.require(not shared, rule, groups=sorted(shared)[:3])
    tests = [track.name for track in (*trained, *validation) if track.split == "test"]
    rule = (
        "a model that was trained or chosen on songs of a test split cannot be tested on them; "
        "load another split, or pass allow_test_tracks=True"
    )
    _checks.require(not tests or allow_test_tracks, rule, tracks=tests[:3])
