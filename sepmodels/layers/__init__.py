"""Building blocks of the separation systems."""

from sepmodels.layers.dilated_gru import DilatedGRU, DilatedGRUCell, fold_time, unfold_time
from sepmodels.layers.stft import STFT, InverseSTFT
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
