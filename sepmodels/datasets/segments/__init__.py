"""Random or consecutive pieces of songs, as `tf.data`."""

from sepmodels.datasets.segments.assemble import cut_excerpts, draw_segments
from sepmodels.datasets.segments.augment import Augment

__all__ = ["Augment", "cut_excerpts", "draw_segments"]
