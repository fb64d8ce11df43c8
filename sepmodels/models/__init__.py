"""The separation systems, one per file."""

from sepmodels.models.deep_conv_sep import DeepConvSep
from sepmodels.models.dilated_conv_gru import DilatedConvGRU
from sepmodels.models.nc_wavenet import NCWaveNet
from sepmodels.models.separator import Separator
from sepmodels.models.wave_u_net import WaveUNet

__all__ = ["DeepConvSep", "DilatedConvGRU", "NCWaveNet", "Separator", "WaveUNet"]
