"""Training: recipes, losses, and a loop that resumes where it was interrupted."""

from sepmodels.training import checkpoint, losses, recipes
from sepmodels.training.loop import Run, examples, excerpts, hold_out, train

__all__ = ["Run", "checkpoint", "examples", "excerpts", "hold_out", "losses", "recipes", "train"]
