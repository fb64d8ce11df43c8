"""`Checkpoint`: what a training leaves in its folder, and how it goes on from there."""

import json
import logging
import time

import keras
import numpy as np
import pandas as pd

log = logging.getLogger(__name__)


class Checkpoint(keras.callbacks.Callback):
    """Keeps the log, the best model and the state to resume from, epoch by epoch.

    The state file bears the number of its epoch and appears in one step, so a training that
    is killed at any moment resumes from the last epoch whose state was complete.
    """

    def __init__(self, folder, separator, description, patience=None):
        super().__init__()
        self.folder = folder
        self.separator = separator
        self.patience = patience
        self.best = folder / "best.keras"
        self.history = pd.DataFrame()
        folder.mkdir(parents=True, exist_ok=True)
        self._claim(json.loads(json.dumps(description)))

    def _claim(self, mine):
        card = self.folder / "recipe.json"
        if card.exists():
            theirs = json.loads(card.read_text())
            for part in ("recipe", "songs", "validation", "backing", "initial"):
                if theirs[part] != mine[part]:
                    raise ValueError(
                        f"folder {str(self.folder)!r} holds a training whose {part} differ; "
                        "pass another folder, or delete this one"
                    )
        else:
            card.write_text(json.dumps(mine, indent=1))

    def resume(self, estimator):
        """Restores the newest state, if any; returns the number of finished epochs."""
        states = sorted(self.folder.glob("state-*.weights.h5"))
        if not states:
            return 0
        done = int(states[-1].name.split("-")[1].split(".")[0])
        estimator.load_weights(states[-1])
        self.history = pd.read_csv(self.folder / "log.csv")[:done]
        log.info("resuming %s after epoch %d", self.folder, done)
        return done

    @property
    def exhausted(self):
        """Whether the last `patience` epochs brought nothing better."""
        if self.patience is None or self.history.empty:
            return False
        return len(self.history) - 1 - self.history["val_loss"].argmin() >= self.patience

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"] + logs["val_loss"]):
            raise ArithmeticError(
                f"the loss is {logs['loss']} in epoch {epoch + 1}; lower learning_rate, or look "
                "for broken songs. The state before this epoch is kept"
            )
        row = {
            "epoch": epoch + 1,
            **logs,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": round(time.monotonic() - self._began, 1),
        }
        if self.history.empty or row["val_loss"] < self.history["val_loss"].min():
            self._replace(self.best, self.separator.save)
        self.history = pd.concat([self.history, pd.DataFrame([row])], ignore_index=True)
        self._replace(self.folder / "log.csv", lambda path: self.history.to_csv(path, index=False))
        older = list(self.folder.glob("state-*.weights.h5"))
        state = self.folder / f"state-{epoch + 1:05d}.weights.h5"
        self._replace(state, self.model.save_weights)
        for path in older:
            path.unlink()
        self.model.stop_training = self.exhausted

    def _replace(self, path, write):
        """Writes beside `path` and renames, so that no half-written file bears its name."""
        part = path.with_name(f"part-{path.name}")
        write(part)
        part.replace(path)
