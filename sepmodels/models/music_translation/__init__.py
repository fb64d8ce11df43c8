"""The Universal Music Translation Network."""

from sepmodels.models.music_translation.decoder import TranslationDecoder
from sepmodels.models.music_translation.domain_classifier import DomainClassifier
from sepmodels.models.music_translation.encoder import TranslationEncoder
from sepmodels.models.music_translation.levels import compute_levels, unfold_domains
from sepmodels.models.music_translation.music_translation import MusicTranslation, detune
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
