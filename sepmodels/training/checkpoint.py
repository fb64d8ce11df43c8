"""`Checkpoint`: what a training leaves in its folder, and how it goes on from there."""

import dataclasses
import hashlib
import importlib.metadata
import json
import logging
import platform
import time

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from sepmodels import _files

_PAUSE = 300  # seconds between two states within an epoch
log = logging.getLogger(__name__)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the log, the best model and the state to resume from.

    The state is written after each epoch, every five minutes within one, and by `keep`. It bears
    the number of finished epochs, and its optimiser counts the steps. Each file appears in one
    step, so a training that is killed at any moment resumes from the last complete state.

    Args:
        folder: Path. Made if missing.
        separator: `Separator` or other model of `sepmodels.models`, saved as the best.
        training_model: `keras.Model`. Of `Trainable.training_model`, compiled. If the folder
            holds a state, it gets its weights, its optimiser and its place.
        recipe: `Recipe`.
        description: dict. From `describe`.

    Raises:
        ValueError: if the folder belongs to another training.
    """

    def __init__(self, folder, separator, training_model, recipe, description):
        super().__init__()
        self.set_model(training_model)
        self.folder = folder
        self.separator = separator
        self.recipe = recipe
        self.best = folder / "best.keras"
        self.history = pd.DataFrame()
        self._note = folder / "within.json"  # seconds and sums of the epoch, by number of steps
        self._sums = {}
        self._claim(json.loads(json.dumps(description)))
        self._resume()

    def _claim(self, mine):
        card = self.folder / "recipe.json"
        if not card.exists():
            _files.write_atomically(card, lambda path: path.write_text(json.dumps(mine, indent=1)))
        theirs = json.loads(card.read_text())
        for part in ("recipe", "songs", "validation", "backing", "initial"):
            if theirs[part] != mine[part]:
                raise ValueError(
                    f"`{part}` differs from that of the training in folder {str(self.folder)!r}; "
                    "pass another folder, or delete that one"
                )

    def _resume(self):
        states = sorted(self.folder.glob("state-*.weights.h5"))
        if not states:
            return
        self.model.load_weights(states[-1])
        if done := int(states[-1].name.split("-")[1].split(".")[0]):
            self.history = pd.read_csv(self.folder / "log.csv")[:done]
        if self._note.exists():
            self._sums = json.loads(self._note.read_text())
        log.info("resuming %s after %d epochs and %d steps", self.folder, *self.place)

    @property
    def place(self):
        """How many epochs are finished, and how many steps of the next."""
        done = len(self.history)
        steps = int(self.model.optimizer.iterations)
        return done, steps - done * self.recipe.steps_per_epoch

    @property
    def finished(self):
        """Whether all epochs are done, or the last `patience` of them brought nothing better."""
        done, patience = len(self.history), self.recipe.patience
        if not done or patience is None:
            return done >= self.recipe.epochs
        since = done - 1 - self.history["val_loss"].argmin()
        return done >= self.recipe.epochs or since >= patience

    def keep(self):
        """Writes the state within an epoch, so that a training goes on from this very step."""
        done, step = self.place
        if not 0 < step < self.recipe.steps_per_epoch or str(self.place) in self._sums:
            return  # it is there already; or the epoch is being validated, and its sums are gone
        seconds, sums = time.monotonic() - self._began, self.model.metrics_variables
        self._sums[str(self.place)] = [seconds, *map(float, sums)]
        # Before the state: whichever state is found, its sums are here.
        _files.write_atomically(self._note, lambda path: path.write_text(json.dumps(self._sums)))
        self._save(done)

    def on_epoch_begin(self, epoch, logs=None):
        self._began = self._saved = time.monotonic()
        if str(self.place) in self._sums:
            seconds, *sums = self._sums[str(self.place)]
            self._began -= seconds
            for variable, value in zip(self.model.metrics_variables, sums, strict=True):
                variable.assign(value)

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self._saved > _PAUSE:
            self.keep()

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"] + logs["val_loss"]):
            raise ArithmeticError(
                f"in epoch {epoch + 1} the loss is {logs['loss']}, on the validation songs "
                f"{logs['val_loss']}; lower learning_rate, or look for broken songs. The best "
                "epoch before it is kept"
            )
        row = {
            "epoch": epoch + 1,
            **logs,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": round(time.monotonic() - self._began, 1),
        }
        if self.history.empty or row["val_loss"] < self.history["val_loss"].min():
            _files.write_atomically(self.best, self.separator.save)
        history = pd.concat([self.history, pd.DataFrame([row])], ignore_index=True)
        _files.write_atomically(
            self.folder / "log.csv", lambda path: history.to_csv(path, index=False)
        )
        self._save(epoch + 1)
        self.history = history
        self._sums = {}
        self._note.unlink(missing_ok=True)
        self.model.stop_training = self.finished

    def _save(self, done):
        state = self.folder / f"state-{done:05d}.weights.h5"
        older = {*self.folder.glob("state-*.weights.h5")} - {state}
        _files.write_atomically(state, self.model.save_weights)
        for path in older:
            path.unlink()
        self._saved = time.monotonic()


def describe(recipe, songs, validation, backing, initial=None):
    """What decides a training, and with which versions it ran, as plain data for json."""
    return {
        "recipe": dataclasses.asdict(recipe),
        "songs": [song.name for song in songs],
        "validation": [song.name for song in validation],
        "backing": [song.name for song in backing],
        "initial": None if initial is None else _fingerprint(initial),
        "versions": {
            "python": platform.python_version(),
            "sepmodels": importlib.metadata.version("sepmodels"),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }


def _fingerprint(model):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest()
