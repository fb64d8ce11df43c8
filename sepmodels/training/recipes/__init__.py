"""Recipes: everything that decides a training, in one frozen dataclass.

An ablation is `dataclasses.replace`, or `Recipe.vary` where the change is one of the model's
own arguments.
"""

from sepmodels.training.recipe import Recipe, quick
from sepmodels.training.recipes.laptop import (
    DEEP_CONV_SEP,
    DILATED_CONV_GRU,
    LLUIS_WAVENET,
    MUSIC_TRANSLATION,
    NC_WAVENET,
    NC_WAVENET_CONFUSED,
    NC_WAVENET_POOLED,
    NC_WAVENET_SPECTRAL,
    NC_WAVENET_STRIDED,
    U_NET,
    WAVE_U_NET,
    WAVENET,
)
from sepmodels.training.recipes.papers import (
    DEEP_CONV_SEP_PAPER,
    DILATED_CONV_GRU_PAPER,
    LLUIS_WAVENET_PAPER,
    MUSIC_TRANSLATION_PAPER,
    NC_WAVENET_PAPER,
    U_NET_PAPER,
    U_NET_SPLEETER,
    WAVE_U_NET_PAPER,
    WAVENET_PAPER,
)

__all__ = [
    "DEEP_CONV_SEP",
    "DEEP_CONV_SEP_PAPER",
    "DILATED_CONV_GRU",
    "DILATED_CONV_GRU_PAPER",
    "LLUIS_WAVENET",
    "LLUIS_WAVENET_PAPER",
    "MUSIC_TRANSLATION",
    "MUSIC_TRANSLATION_PAPER",
    "NC_WAVENET",
    "NC_WAVENET_CONFUSED",
    "NC_WAVENET_PAPER",
    "NC_WAVENET_POOLED",
    "NC_WAVENET_SPECTRAL",
    "NC_WAVENET_STRIDED",
    "U_NET",
    "U_NET_PAPER",
    "U_NET_SPLEETER",
    "WAVENET",
    "WAVENET_PAPER",
    "WAVE_U_NET",
    "WAVE_U_NET_PAPER",
    "Recipe",
    "quick",
]
