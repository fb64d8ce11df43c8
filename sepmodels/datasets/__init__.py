"""Corpora, one in each file, each with `load()`; and segments of their songs for training."""

from sepmodels.datasets import synthetic
from sepmodels.datasets.corpora import (
    ccmixter,
    everything_is_free,
    lithium,
    mir1k,
    musdb,
    sample,
    wav_folder,
)
from sepmodels.datasets.corpora.locations import load_location
from sepmodels.datasets.description import describe
from sepmodels.datasets.segments import Augment, cut_excerpts, draw_segments
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
    "everything_is_free",
    "lithium",
    "load_location",
    "mir1k",
    "musdb",
    "sample",
    "synthetic",
    "wav_folder",
]
