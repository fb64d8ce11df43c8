"""`Checkpoint`: what a training keeps in its folder, and how it resumes from there."""

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

from sepmodels import _checks, _files
from sepmodels.training.state import read_state, write_state

_PAUSE = 300  # seconds between two states within an epoch
_DIVERGED = 100  # times the loss of the first step (or 1, if that is less): the training diverges
# Parts of a description in which a resumed training must equal the earlier one.
_DECISIVE = ("recipe", "tracks", "validation", "backing", "initial")
log = logging.getLogger(__name__)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the log, the best model and the state from which to resume.

    The state is written after each epoch, every five minutes within one, and by `keep`. It holds
    everything: weights, optimizer, running sums of the epoch, history, best weights and recipe.
    `recipe.json`, `log.csv` and `best.keras` are written from it, and again if one is missing or
    differs. Each file appears in one step, so a training that is killed at any moment resumes
    from the last complete state.

    Args:
        folder: Path. Must exist.
        trainable: `Trainable`. Saved as the best model.
        training_model: `keras.Model`. The form in which the model is trained, compiled. If the
            folder holds a state, the state of this model is set to it.
        recipe: `Recipe`.
        description: dict. From `describe_training`.

    Raises:
        ValueError: the folder belongs to another training.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder, trainable, training_model, recipe, description):
        super().__init__()
        self.set_model(training_model)
        self.folder = folder
        self.trainable = trainable
        self.recipe = recipe
        self.best = folder / "best.keras"
        self._recipe_file = folder / "recipe.json"
        # A state holds this note, the variables, the sums and the best weights.
        self._note = {
            "description": json.loads(json.dumps(description)),
            "rows": [],  # of the history
            "first_loss": None,
            "seconds": 0.0,  # of the epoch so far
            "best_checksum": None,
        }
        self._sums = None  # running metrics of the resumed epoch, from here to its first step
        self._best_weights = []
        self._resume()

    def _resume(self):
        state, written = read_state(self.folder), _files.read_json(self._recipe_file)
        groups, note = state or ({}, {})
        self._check_description(note.get("description") or written or {})
        self._note |= note
        if written != self._note["description"]:
            self._write(self._recipe_file, json.dumps(self._note["description"], indent=1))
        if state is None:
            return
        variables, arrays = self._list_variables(), groups["variables"]
        fits = [variable.shape for variable in variables] == [array.shape for array in arrays]
        rule = "the state does not fit this version of Keras or sepmodels; pass another folder"
        received = {"folder": str(self.folder), "versions": note["description"]["versions"]}
        _checks.require(fits, rule, **received)
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        self._sums, self._best_weights = groups["sums"], groups["best"]
        self._restore_files()
        log.info("resuming %s after %d epochs and %d steps", self.folder, *self.position)

    def _check_description(self, theirs):
        """Refuse the folder of another training."""
        for part in _DECISIVE if theirs else ():
            same = theirs.get(part) == self._note["description"][part]
            rule = f"{part} differs from that of the training in the folder; pass another folder"
            _checks.require(same, rule, folder=str(self.folder))

    def _restore_files(self):
        """Write the log and the best model again where they differ from the state."""
        self._write_log()
        checksum = _files.compute_digest(self.best) if self.best.exists() else None
        if self._rows and checksum != self._note["best_checksum"]:
            weights = self.trainable.get_weights()
            self.trainable.set_weights(self._best_weights)
            self._write_best()
            self.trainable.set_weights(weights)

    @property
    def _rows(self):
        return self._note["rows"]

    @property
    def history(self):
        """DataFrame with one row for each finished epoch."""
        return pd.DataFrame(self._rows)

    @property
    def position(self):
        """The number of finished epochs, and of steps in the next."""
        done = len(self._rows)
        steps = int(self.model.optimizer.iterations.value.numpy())
        return done, steps - done * self.recipe.steps_per_epoch

    @property
    def finished(self):
        """Whether all epochs are done, or the last `patience` of them brought no improvement."""
        done, patience = len(self._rows), self.recipe.patience
        if not done or patience is None:
            return done >= self.recipe.epochs
        losses = [row["val_loss"] for row in self._rows]
        since = done - 1 - losses.index(min(losses))
        return done >= self.recipe.epochs or since >= patience

    def keep(self):
        """Write the state within an epoch, so that the training resumes from this very step."""
        # There are sums to keep once the epoch has begun, until it is validated.
        if self._sums is None and 0 < self.position[1] < self.recipe.steps_per_epoch:
            self._save(time.monotonic() - self._began, self.model.metrics_variables)

    def on_epoch_begin(self, epoch, logs=None):
        self._saved = time.monotonic()
        self._began = self._saved - self._note["seconds"]
        if self._sums:
            for variable, value in zip(self.model.metrics_variables, self._sums, strict=True):
                variable.assign(value)
        self._note["seconds"], self._sums = 0.0, None

    def on_train_batch_end(self, batch, logs=None):
        if self._note["first_loss"] is None:
            self._note["first_loss"] = float(logs["loss"])
        self._check_loss("loss", logs["loss"])
        if time.monotonic() - self._saved > _PAUSE:
            self.keep()

    def on_epoch_end(self, epoch, logs=None):
        self._check_loss("validation loss", logs["val_loss"])
        row = {
            "epoch": epoch + 1,
            **{name: float(value) for name, value in logs.items()},
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": round(time.monotonic() - self._began, 1),
        }
        improved = all(row["val_loss"] < earlier["val_loss"] for earlier in self._rows)
        self._rows.append(row)
        if improved:
            self._best_weights = self.trainable.get_weights()
            self._write_best()
        self._write_log()
        self._save(0.0, [])
        self.model.stop_training = self.finished

    def _check_loss(self, what, loss):
        first = self._note["first_loss"]
        if np.isfinite(loss) and loss <= _DIVERGED * max(1.0, abs(first)):
            return
        raise ArithmeticError(
            f"the training diverges: in epoch {len(self._rows) + 1} the {what} is {loss:.4g}, "
            f"after {first:.4g} in the first step. The last state before it and the "
            f"best model are kept in {self.folder}. Check the songs, or lower learning_rate and "
            "pass another folder"
        )

    def _save(self, seconds, sums):
        groups = {"variables": self._list_variables(), "sums": sums, "best": self._best_weights}
        note = {**self._note, "seconds": seconds}
        write_state(self.folder, int(self.model.optimizer.iterations.value.numpy()), groups, note)
        self._saved = time.monotonic()

    def _list_variables(self):
        both = [*self.model.variables, *self.model.optimizer.variables]
        return list({id(variable): variable for variable in both}.values())

    def _write_best(self):
        _files.write_atomically(self.best, self.trainable.save)
        self._note["best_checksum"] = _files.compute_digest(self.best)

    def _write_log(self):
        path, text = self.folder / "log.csv", self.history.to_csv(index=False)
        if self._rows and (not path.exists() or path.read_bytes() != text.encode()):
            self._write(path, text)

    def _write(self, path, text):
        _files.write_atomically(path, lambda part: part.write_bytes(text.encode()))


def describe_training(recipe, tracks, validation, backing, initial=None):
    """What decides a training, and the versions with which it ran, as plain data for json."""
    return {
        "recipe": dataclasses.asdict(recipe),
        "tracks": [track.name for track in tracks],
        "validation": [track.name for track in validation],
        "backing": [track.name for track in backing],
        "initial": None if initial is None else _hash_weights(initial),
        "versions": {
            "python": platform.python_version(),
            "sepmodels": importlib.metadata.version("sepmodels"),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }


def _hash_weights(model):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights())).hexdigest()
