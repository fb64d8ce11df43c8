"""Corpora, one per file, each with `load()`; and the pipeline that feeds them to training."""

from sepmodels.datasets import mir1k, musdb, sample, synthetic, wav_folder
from sepmodels.datasets.augment import Augment
from sepmodels.datasets.segments import cut_excerpts, draw_segments
from sepmodels.datasets.track import Track

__all__ = [
    "Augment",
    "Track",
    "cut_excerpts",
    "draw_segments",
    "mir1k",
    "musdb",
    "sample",
    "synthetic",
    "wav_folder",
]
