"""Corpora, one per file, each with `load()`; and the pipeline that feeds them to training."""

from sepmodels.datasets import synthetic
from sepmodels.datasets.corpora import ccmixter, mir1k, musdb, sample, wav_folder
from sepmodels.datasets.description import describe
from sepmodels.datasets.segments.assemble import cut_excerpts, draw_segments
from sepmodels.datasets.segments.augment import Augment
from sepmodels.datasets.track import Track
from sepmodels.datasets.wav_cache import cache_as_wav

__all__ = [
    "Augment",
    "Track",
    "cache_as_wav",
    "ccmixter",
    "cut_excerpts",
    "describe",
    "draw_segments",
    "mir1k",
    "musdb",
    "sample",
    "synthetic",
    "wav_folder",
]
