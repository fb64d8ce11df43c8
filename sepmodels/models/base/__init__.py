"""What the systems have in common: training models, separators, separators of magnitudes."""

from sepmodels.models.base.magnitude_separator import MagnitudeSeparator
from sepmodels.models.base.separator import Separator
from sepmodels.models.base.trainable import Trainable

__all__ = ["MagnitudeSeparator", "Separator", "Trainable"]
