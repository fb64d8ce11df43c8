"""The Universal Music Translation Network."""

from sepmodels.models.music_translation.music_translation import MusicTranslation, detune
from sepmodels.models.music_translation.networks import (
    DomainClassifier,
    TranslationDecoder,
    TranslationEncoder,
    compute_levels,
    unfold_domains,
)
from sepmodels.models.music_translation.training_model import cross_entropy

__all__ = [
    "DomainClassifier",
    "MusicTranslation",
    "TranslationDecoder",
    "TranslationEncoder",
    "compute_levels",
    "cross_entropy",
    "detune",
    "unfold_domains",
]
