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

from sepmodels import _files
from sepmodels.training.state import read_state, write_state

_PAUSE = 300  # seconds between two states within an epoch
_DIVERGED = 100  # times the loss of the first step, or 1 if that is less
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
        self._card = folder / "recipe.json"
        self._description = json.loads(json.dumps(description))
        self._rows = []  # of the history
        self._first_loss = None
        self._sums = None  # of the epoch so far, until it begins again
        self._seconds = 0.0
        self._best_weights = []
        self._best_checksum = None
        self._resume()

    def _resume(self):
        found, card = read_state(self.folder), _files.read_json(self._card)
        self._check_description(found[1]["description"] if found else card or {})
        if found:
            self._description = found[1]["description"]
        if card != self._description:
            self._write(self._card, json.dumps(self._description, indent=1))
        if found is None:
            return
        arrays, note = found
        parts = {name: [] for name in ("variables", "sums", "best")}
        for name, array in arrays.items():  # in the order in which they were written
            parts[name.split("-")[0]].append(array)
        variables = self._list_variables()
        if [v.shape for v in variables] != [array.shape for array in parts["variables"]]:
            raise ValueError(
                f"the state in {self.folder} does not fit this version of Keras or sepmodels; use "
                f"{note['description']['versions']}, or pass another folder"
            )
        for variable, array in zip(variables, parts["variables"], strict=True):
            variable.assign(array)
        self._rows, self._first_loss = note["rows"], note["first_loss"]
        self._sums, self._seconds = parts["sums"], note["seconds"]
        self._best_weights, self._best_checksum = parts["best"], note["best_checksum"]
        self._restore_views()
        log.info("resuming %s after %d epochs and %d steps", self.folder, *self.place)

    def _check_description(self, theirs):
        """Refuse the folder of another training."""
        for part in _DECISIVE if theirs else ():
            if theirs.get(part) != self._description[part]:
                raise ValueError(
                    f"{part} differs from that of the training in folder {str(self.folder)!r}; "
                    "pass another folder, or delete that one"
                )

    def _restore_views(self):
        """Write what people read again, where it is not what the state says."""
        self._write_log()
        if self._rows and _compute_checksum(self.best) != self._best_checksum:
            weights = self.trainable.get_weights()
            self.trainable.set_weights(self._best_weights)
            self._write_best()
            self.trainable.set_weights(weights)

    @property
    def history(self):
        """DataFrame with one row for each finished epoch."""
        return pd.DataFrame(self._rows)

    @property
    def place(self):
        """The number of finished epochs, and of steps in the next."""
        done = len(self._rows)
        steps = int(self.model.optimizer.iterations)
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
        if self._sums is None and 0 < self.place[1] < self.recipe.steps_per_epoch:
            self._save(time.monotonic() - self._began, self.model.metrics_variables)

    def on_epoch_begin(self, epoch, logs=None):
        self._saved = time.monotonic()
        self._began = self._saved - self._seconds
        if self._sums:
            for variable, value in zip(self.model.metrics_variables, self._sums, strict=True):
                variable.assign(value)
        self._seconds, self._sums = 0.0, None

    def on_train_batch_end(self, batch, logs=None):
        if self._first_loss is None:
            self._first_loss = float(logs["loss"])
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
        limit = _DIVERGED * max(1.0, abs(self._first_loss))
        if np.isfinite(loss) and loss <= limit:
            return
        raise ArithmeticError(
            f"the training diverges: in epoch {len(self._rows) + 1} the {what} is {loss:.4g}, "
            f"after {self._first_loss:.4g} in the first step. The last state before it and the "
            f"best model are kept in {self.folder}. Check the songs, or lower learning_rate and "
            "pass another folder"
        )

    def _save(self, seconds, sums):
        groups = {
            "variables": self._list_variables(),
            "sums": sums,
            "best": self._best_weights,
        }
        arrays = {
            f"{name}-{index}": keras.ops.convert_to_numpy(array)
            for name, group in groups.items()
            for index, array in enumerate(group)
        }
        note = {
            "description": self._description,
            "rows": self._rows,
            "first_loss": self._first_loss,
            "seconds": seconds,
            "best_checksum": self._best_checksum,
        }
        write_state(self.folder, int(self.model.optimizer.iterations), arrays, note)
        self._saved = time.monotonic()

    def _list_variables(self):
        both = [*self.model.variables, *self.model.optimizer.variables]
        return list({id(variable): variable for variable in both}.values())

    def _write_best(self):
        _files.write_atomically(self.best, self.trainable.save)
        self._best_checksum = _compute_checksum(self.best)

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


def _compute_checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
