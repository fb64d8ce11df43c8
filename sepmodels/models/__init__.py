"""The separation systems, one per file or folder."""

from sepmodels.models.base import Separator, Trainable
from sepmodels.models.deep_conv_sep import DeepConvSep
from sepmodels.models.dilated_conv_gru import DilatedConvGRU
from sepmodels.models.music_translation import (
    DomainClassifier,
    MusicTranslation,
    TranslationDecoder,
    TranslationEncoder,
)
from sepmodels.models.nc_wavenet import (
    BottleneckNCWaveNet,
    LluisWaveNet,
    NCWaveNet,
    SpectralNCWaveNet,
    StridedNCWaveNet,
)
from sepmodels.models.pretrained import list_pretrained, load, load_pretrained
from sepmodels.models.u_net import UNet
from sepmodels.models.wave_u_net import WaveUNet
from sepmodels.models.wavenet import WaveNet

__all__ = [
    "BottleneckNCWaveNet",
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
    "UNet",
    "WaveNet",
    "WaveUNet",
    "list_pretrained",
    "load",
    "load_pretrained",
]
