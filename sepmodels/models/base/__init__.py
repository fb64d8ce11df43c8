"""What the systems share: their configs, the interface of training, and that of separation."""

from sepmodels.models.base.magnitude_separator import MagnitudeSeparator
from sepmodels.models.base.separator import Separator
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.models.base.trainable import Trainable

__all__ = ["MagnitudeSeparator", "Separator", "SerializableModel", "Trainable"]
