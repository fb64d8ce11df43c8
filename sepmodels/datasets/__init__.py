"""Corpora, one per file, each with `load()`; and `segments`, which feeds them to training."""

from sepmodels.datasets import mir1k
from sepmodels.datasets import musdb
from sepmodels.datasets import sample
from sepmodels.datasets import synthetic
from sepmodels.datasets import wav_folder
from sepmodels.datasets.segments import excerpts
from sepmodels.datasets.segments import segments
from sepmodels.datasets.track import Track

__all__ = [
    "Track",
    "excerpts",
    "mir1k",
    "musdb",
    "sample",
    "segments",
    "synthetic",
    "wav_folder",
]
