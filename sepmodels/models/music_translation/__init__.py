"""The Universal Music Translation Network."""

from sepmodels.models.music_translation.decoder import TranslationDecoder
from sepmodels.models.music_translation.encoder import DomainClassifier, TranslationEncoder
from sepmodels.models.music_translation.music_translation import MusicTranslation

__all__ = ["DomainClassifier", "MusicTranslation", "TranslationDecoder", "TranslationEncoder"]
