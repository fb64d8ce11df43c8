"""Random or consecutive segments of songs, as `tf.data`."""

from sepmodels.datasets.segments.augmentation import Augment
from sepmodels.datasets.segments.pipeline import cut_excerpts, draw_segments

__all__ = ["Augment", "cut_excerpts", "draw_segments"]
