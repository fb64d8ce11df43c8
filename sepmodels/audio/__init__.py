"""Audio files in and out: float32 samples `(time, channels)`, full scale is 1.0."""

from sepmodels.audio.file import AudioError, Info
from sepmodels.audio.reading import blocks, info, read, read_stream
from sepmodels.audio.resampling import Resampler, resample, resampled_length
from sepmodels.audio.stretching import stretch
from sepmodels.audio.writing import Writer, write

__all__ = [
    "AudioError",
    "Info",
    "Resampler",
    "Writer",
    "blocks",
    "info",
    "read",
    "read_stream",
    "resample",
    "resampled_length",
    "stretch",
    "write",
]
