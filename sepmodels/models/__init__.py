"""The separation systems, one per file."""

from sepmodels.models.dilated_conv_gru import DilatedConvGRU
from sepmodels.models.separator import Separator

__all__ = ["DilatedConvGRU", "Separator"]
