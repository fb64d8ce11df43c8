"""Recipes for all systems, at the scale of a laptop and of the papers.

`Recipe.vary` makes the variant of an ablation.
"""

from sepmodels.training.recipe import Recipe, quick
from sepmodels.training.recipes import laptop, papers
from sepmodels.training.recipes.laptop import *  # noqa: F403, recipes alone
from sepmodels.training.recipes.papers import *  # noqa: F403

__all__ = ["Recipe", "laptop", "papers", "quick", *(name for name in dir() if name.isupper())]
