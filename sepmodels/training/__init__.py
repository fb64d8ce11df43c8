"""Training: recipes, losses, and a loop that resumes where it was interrupted."""

from sepmodels.training import losses, recipes
from sepmodels.training.batches import cut_batches, draw_batches
from sepmodels.training.loop import Run, hold_out, train

__all__ = ["Run", "cut_batches", "draw_batches", "hold_out", "losses", "recipes", "train"]
