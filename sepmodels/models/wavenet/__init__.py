"""WaveNet and its cached generation."""

from sepmodels.models.wavenet import generation, network
from sepmodels.models.wavenet.wavenet import WaveNet

__all__ = ["WaveNet", "generation", "network"]
