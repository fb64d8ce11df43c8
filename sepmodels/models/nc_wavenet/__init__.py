"""The non-causal WaveNet separator, structure A, and its variants."""

from sepmodels.models.nc_wavenet.lluis import LluisWaveNet
from sepmodels.models.nc_wavenet.nc_wavenet import NCWaveNet
from sepmodels.models.nc_wavenet.spectral import SpectralNCWaveNet
from sepmodels.models.nc_wavenet.strided import StridedNCWaveNet

__all__ = ["LluisWaveNet", "NCWaveNet", "SpectralNCWaveNet", "StridedNCWaveNet"]
