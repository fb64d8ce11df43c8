"""Training: recipes, losses, and a loop that resumes where it was interrupted."""

from sepmodels.training import losses, recipes
from sepmodels.training.batches import Batches
from sepmodels.training.loop import Run, hold_out, train

__all__ = ["Batches", "Run", "hold_out", "losses", "recipes", "train"]
