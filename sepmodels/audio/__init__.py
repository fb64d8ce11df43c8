"""Audio files in and out: float32 samples `(time, channels)`, full scale is 1.0."""

from sepmodels.audio.blocks import BlockStream, prefetch, resample_blocks
from sepmodels.audio.file import SUFFIXES, AudioError, Info
from sepmodels.audio.reading import info, read, read_blocks, regroup_blocks
from sepmodels.audio.resampling import Resampler, resample, resampled_length
from sepmodels.audio.stretching import stretch
from sepmodels.audio.writing import Writer, write

__all__ = [
    "SUFFIXES",
    "AudioError",
    "BlockStream",
    "Info",
    "Resampler",
    "Writer",
    "info",
    "prefetch",
    "read",
    "read_blocks",
    "regroup_blocks",
    "resample",
    "resample_blocks",
    "resampled_length",
    "stretch",
    "write",
]
