"""The non-causal WaveNet separators: structure A, its variants, and that of Lluís et al."""

from sepmodels.models.nc_wavenet.bottleneck import BottleneckNCWaveNet
from sepmodels.models.nc_wavenet.lluis import LluisWaveNet
from sepmodels.models.nc_wavenet.nc_wavenet import NCWaveNet
from sepmodels.models.nc_wavenet.spectral import SpectralNCWaveNet
from sepmodels.models.nc_wavenet.strided import StridedNCWaveNet

__all__ = [
    "BottleneckNCWaveNet",
    "LluisWaveNet",
    "NCWaveNet",
    "SpectralNCWaveNet",
    "StridedNCWaveNet",
]
