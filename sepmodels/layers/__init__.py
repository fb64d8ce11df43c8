"""Building blocks of the separation systems."""

from sepmodels.layers.dilated_gru import DilatedGRU
from sepmodels.layers.dilated_gru import DilatedGRUCell
from sepmodels.layers.dilated_gru import fold_time
from sepmodels.layers.dilated_gru import unfold_time
from sepmodels.layers.stft import STFT
from sepmodels.layers.stft import InverseSTFT
from sepmodels.layers.weight_norm import WeightNormalization

__all__ = [
    "STFT",
    "DilatedGRU",
    "DilatedGRUCell",
    "InverseSTFT",
    "WeightNormalization",
    "fold_time",
    "unfold_time",
]
