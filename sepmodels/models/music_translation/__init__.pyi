from .music_translation import MusicTranslation as MusicTranslation
from .music_translation import detune as detune
from .networks import DomainClassifier as DomainClassifier
from .networks import TranslationDecoder as TranslationDecoder
from .networks import TranslationEncoder as TranslationEncoder
from .networks import compute_levels as compute_levels
from .networks import unfold_domains as unfold_domains
from .training_model import cross_entropy as cross_entropy
