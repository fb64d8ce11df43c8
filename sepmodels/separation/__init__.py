"""Separation of whole songs and of live streams."""

from sepmodels.separation.live import stream
from sepmodels.separation.whole_songs import separate
from sepmodels.separation.windows import Windows

__all__ = ["Windows", "separate", "stream"]
