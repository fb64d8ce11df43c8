"""WaveNet and its cached generation."""

from sepmodels.models.wavenet.wavenet import WaveNet

__all__ = ["WaveNet"]
