"""Building blocks of the separation systems."""

from sepmodels.layers.crop_concat import CropConcat
from sepmodels.layers.cross_fade import CrossFade
from sepmodels.layers.dilated_gru import DilatedGRU, DilatedGRUCell
from sepmodels.layers.dilated_recurrence import fold_time, unfold_time
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.gradient_reversal import GradientReversal
from sepmodels.layers.min_gru import MinGRU, MinGRUCell
from sepmodels.layers.mu_law import MuLawDecode, MuLawEncode
from sepmodels.layers.resampling import Decimate, Upsample
from sepmodels.layers.stft import STFT, InverseSTFT
from sepmodels.layers.tied_transpose import TiedTranspose
from sepmodels.layers.weight_normalization import WeightNormalization

__all__ = [
    "STFT",
    "CropConcat",
    "CrossFade",
    "Decimate",
    "DilatedGRU",
    "DilatedGRUCell",
    "GatedResidualBlock",
    "GradientReversal",
    "InverseSTFT",
    "MinGRU",
    "MinGRUCell",
    "MuLawDecode",
    "MuLawEncode",
    "TiedTranspose",
    "Upsample",
    "WeightNormalization",
    "fold_time",
    "unfold_time",
]
