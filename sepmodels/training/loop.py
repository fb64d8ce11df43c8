"""`train`: a recipe and songs in, a trained model and its history out; resumes by itself."""

import dataclasses
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from sepmodels import audio
from sepmodels.datasets.segments import Augment, cut_excerpts, draw_segments
from sepmodels.training.checkpoint import Checkpoint, describe


@dataclasses.dataclass(frozen=True)
class Run:
    """A training that has ended or may go on.

    Attributes:
        folder: Path. Holds `recipe.json`, `log.csv`, `tensorboard/`, `best.keras`.
        model: `Separator` with the weights of the best epoch.
        history: DataFrame. One row per epoch: `loss`, `val_loss`, `learning_rate`.
    """

    folder: Path
    model: keras.Model
    history: pd.DataFrame


def train(
    recipe,
    songs,
    folder,
    validation=None,
    *,
    backing=(),
    initial=None,
    test_songs=False,
    progress=True,
):
    """Train the model of a recipe on songs.

    The best epoch on the validation songs is kept. If the folder holds an earlier training by
    the same recipe, it goes on and ends as if it had never stopped: weights, optimiser and the
    place in the stream of examples are all restored. Interrupted by Ctrl-C or the stop button of
    a notebook, it goes on at the very step; killed, where it was at most five minutes before.

    Args:
        recipe: `sepmodels.recipes.Recipe`.
        songs: list of `Track`. All at the sample rate of the model.
        folder: path. Where to keep everything; made if missing.
        validation: list of `Track`, never trained on. Defaults to `None`: every tenth group
            of the songs (at least one group) is held out, where tracks of one group share a
            singer or a backing.
        backing: list of `Track` without vocals, mixed under the voices of other songs.
            Defaults to none.
        initial: model of the recipe's class and arguments whose weights to begin with, such as a
            trained one. Defaults to `None`: random weights of the recipe's seed.
        test_songs: bool. Whether songs of a test split may take part; what was trained or chosen
            on them can no longer be tested on them. Defaults to `False`.
        progress: bool. Whether to show a progress bar. Defaults to `True`.

    Returns:
        A `Run`; of the last stage, with the history of all, where the recipe has several.

    Raises:
        ValueError: if the folder belongs to another training, no songs are left to train or to
            validate on, they have another sample rate than the model or are test songs, or share
            a group with the validation songs.
        ArithmeticError: if the loss is no longer finite.
        MemoryError: if the device is too small for a training step.

    Example:

    >>> import tempfile
    >>> songs = sm.datasets.synthetic.load(2, seconds=2.0)
    >>> recipe = sm.recipes.quick(sm.recipes.DILATED_CONV_GRU)
    >>> recipe = recipe.vary(filters=8, segment=0.5, steps_per_epoch=2, epochs=1)
    >>> run = sm.train(recipe, songs, tempfile.mkdtemp(), progress=False)
    >>> len(run.history)
    1
    """
    folder = Path(folder)
    if validation is None:
        songs, validation = hold_out(songs)
    _check(songs, validation, backing, test_songs)
    keras.utils.set_random_seed(recipe.seed)
    model = recipe.build()
    if initial is not None:
        model.set_weights(initial.get_weights())
    training_model = model.training_model(recipe.loss_on)
    recipe.compile(training_model)
    card = describe(recipe, songs, validation, backing, initial)
    checkpoint = Checkpoint(folder, model, training_model, recipe, card)
    if checkpoint.place == (0, 0) and initial is None:
        drawn = _draw(model, recipe, [*songs, *backing])
        model.adapt(np.concatenate([mixture for mixture, *_ in drawn.take(8)]))
    while not checkpoint.finished:
        _fit(checkpoint, [*songs, *backing], validation, progress)
    if recipe.then is None:
        return Run(folder, keras.saving.load_model(checkpoint.best), checkpoint.history)
    stages = {"backing": backing, "test_songs": test_songs, "progress": progress}
    run = train(recipe.then, songs, folder / "then", validation, initial=model, **stages)
    history = pd.concat([checkpoint.history, run.history], ignore_index=True)
    return dataclasses.replace(run, history=history)


def _fit(checkpoint, songs, validation, progress):
    """Trains to the end; or to that of the epoch, if it was interrupted within one."""
    model, recipe = checkpoint.separator, checkpoint.recipe
    done, step = checkpoint.place
    start = (done * recipe.steps_per_epoch + step) * recipe.batch_size
    try:
        checkpoint.model.fit(
            _draw(model, recipe, songs, start).map(_aim(model, recipe)).prefetch(2),
            initial_epoch=done,
            epochs=done + 1 if step else recipe.epochs,
            steps_per_epoch=recipe.steps_per_epoch - step,
            validation_data=excerpts(model, recipe, validation),
            callbacks=[checkpoint, keras.callbacks.TensorBoard(checkpoint.folder / "tensorboard")],
            shuffle=False,  # the examples are random already
            verbose="auto" if progress else 0,
        )
    except KeyboardInterrupt:  # comes between two steps, never within one
        checkpoint.keep()
        raise
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(
            "the device has too little memory for a training step: lower batch_size "
            f"({recipe.batch_size}) or segment ({recipe.segment} s) of the recipe"
        ) from error
    except tf.errors.OpError as error:
        broken = re.search(r"AudioError: (.*)", str(error))  # raised while reading a song
        if broken is None:
            raise
        raise audio.AudioError(broken.group(1)) from error


def examples(model, recipe, songs):
    """Songs as a training learns from them: random batches for `model.training_model`.

    Args:
        model: of the recipe.
        recipe: `Recipe`.
        songs: list of `Track`.

    Returns:
        An endless `tf.data.Dataset` of `(inputs, targets)`.
    """
    return _draw(model, recipe, songs).map(_aim(model, recipe)).prefetch(2)


def excerpts(model, recipe, songs):
    """Songs as a training validates on them: consecutive batches for `model.training_model`.

    Args:
        model: of the recipe.
        recipe: `Recipe`.
        songs: list of `Track`.

    Returns:
        A finite `tf.data.Dataset` of `(inputs, targets)`.
    """
    length, aimed = _lengths(model, recipe)
    cut = cut_excerpts(songs, length, recipe.batch_size, step=aimed, **_form(model))
    return cut.map(_aim(model, recipe))


def _draw(model, recipe, songs, start=0):
    return draw_segments(
        songs,
        _lengths(model, recipe)[0],
        recipe.batch_size,
        augment=Augment(recipe.gains, recipe.cross_songs, **recipe.augment),
        seed=recipe.seed,
        start=start,
        **_form(model),
    )


def _lengths(model, recipe):
    return model.valid_length(round(recipe.segment * model.sample_rate))


def _form(model):
    form = {"sources": model.sources, "sample_rate": model.sample_rate, "channels": model.channels}
    return form if model.domains is None else {**form, "domains": model.domains}


def _aim(model, recipe):
    # A model without padding hears a context around what it estimates.
    length, aimed = _lengths(model, recipe)
    margin = (length - aimed) // 2

    @tf.autograph.experimental.do_not_convert  # plain tensor code, nothing to convert
    def aim(mixture, stems, label=None):
        centre = {name: stem[:, margin : margin + aimed] for name, stem in stems.items()}
        return model.training_pair(mixture, centre, recipe.loss_on, label)

    return aim


def hold_out(songs):
    """Parts songs into training and validation, one group in ten, at least one, held out.

    Which groups depends on their names alone, so it is the same on every machine.

    Args:
        songs: list of `Track`.

    Returns:
        `(training, validation)`, two lists of `Track`.

    Example:

    >>> training, validation = sm.training.hold_out(sm.datasets.synthetic.load(4, seconds=1.0))
    >>> len(training), len(validation)
    (3, 1)
    """
    groups = sorted({song.group for song in songs})
    held = set(groups[4::10] or groups[-1:])
    return (
        [song for song in songs if song.group not in held],
        [song for song in songs if song.group in held],
    )


def _check(songs, validation, backing, test_songs):
    if not songs or not validation:
        raise ValueError(
            f"train on no songs, or validate on none: {len(songs)} songs to train on, "
            f"{len(validation)} for validation; pass songs of at least two groups"
        )
    heard = [*songs, *backing]
    shared = {song.group for song in heard} & {song.group for song in validation}
    if shared:
        raise ValueError(
            f"validation shares {len(shared)} groups with the training songs, which makes its "
            f"score worthless, the first being {min(shared)!r}; keep whole groups on one side"
        )
    tests = [song.name for song in (*heard, *validation) if song.split == "test"]
    if tests and not test_songs:
        raise ValueError(
            f"{len(tests)} songs belong to a test split, the first being {tests[0]!r}: a model "
            "trained or chosen on them cannot be tested on them. Load another split, or say "
            "test_songs=True"
        )
