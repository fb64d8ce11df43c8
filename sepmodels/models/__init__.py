"""The separation systems, one per file."""

from sepmodels.models.deep_conv_sep import DeepConvSep
from sepmodels.models.dilated_conv_gru import DilatedConvGRU
from sepmodels.models.music_translation import MusicTranslation
from sepmodels.models.nc_wavenet import NCWaveNet
from sepmodels.models.nc_wavenet_lluis import LluisWaveNet
from sepmodels.models.nc_wavenet_spectral import SpectralNCWaveNet
from sepmodels.models.nc_wavenet_strided import StridedNCWaveNet
from sepmodels.models.separator import Separator
from sepmodels.models.trainable import Trainable
from sepmodels.models.translation_decoder import TranslationDecoder
from sepmodels.models.translation_encoder import DomainClassifier, TranslationEncoder
from sepmodels.models.wave_u_net import WaveUNet
from sepmodels.models.wavenet import WaveNet

__all__ = [
    "DeepConvSep",
    "DilatedConvGRU",
    "DomainClassifier",
    "LluisWaveNet",
    "MusicTranslation",
    "NCWaveNet",
    "Separator",
    "SpectralNCWaveNet",
    "StridedNCWaveNet",
    "Trainable",
    "TranslationDecoder",
    "TranslationEncoder",
    "WaveNet",
    "WaveUNet",
]
