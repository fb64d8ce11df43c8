"""Audio files in and out: float32 samples `(time, channels)`, full scale is 1.0."""

from sepmodels.audio.blocks import BlockStream, prefetch, resample_blocks
from sepmodels.audio.file import AudioError, Info
from sepmodels.audio.reading import info, read, read_blocks, read_stream
from sepmodels.audio.resampling import Resampler, resample, resampled_length
from sepmodels.audio.stretching import stretch
from sepmodels.audio.writing import Writer, write

__all__ = [
    "AudioError",
    "BlockStream",
    "Info",
    "Resampler",
    "Writer",
    "info",
    "prefetch",
    "read",
    "read_blocks",
    "read_stream",
    "resample",
    "resample_blocks",
    "resampled_length",
    "stretch",
    "write",
]
