"""`MusicTranslation`: music in another timbre (Mor, Wolf, Polyak and Taigman 2019)."""

import zlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from sepmodels import _checks, audio, layers, signal
from sepmodels.layers.registration import check, register
from sepmodels.models.base.trainable import Trainable
from sepmodels.models.music_translation.networks import (
    CLASSES,
    DomainClassifier,
    TranslationDecoder,
    TranslationEncoder,
    compute_levels,
    fold_domains,
    unfold_domains,
)
from sepmodels.models.music_translation.training_model import TranslationTrainingModel
from sepmodels.models.wavenet import generation
from sepmodels.signal.tensor import Tensor

_CONFUSIONS = ("alternating", "reversal", None)


@register
class MusicTranslation(Trainable):
    """Translates music from one domain to another: one encoder for all, a decoder for each.

    A domain is an ensemble or an instrument; here each source of a song is one. The network
    is an autoencoder: the encoder turns a wave into 64 numbers every 50 ms, from which the
    domain's own decoder, a WaveNet, generates it again. A classifier learns to recognize the
    domains by their encodings, and the encoder learns to prevent it, so that any decoder can
    decode an encoding from any domain.

    For the encoder a piece of every example is shifted in pitch by up to half a semitone, as if
    out of tune, which the decoder must correct. A song of one domain is a `Track` with one
    source of that name; `cross_songs=1` in the recipe joins songs of several domains.

    The ten arguments beside the names and the rate are the sizes and weights that the paper
    states, and the points in which its text and its code differ.

    Args:
        sources: sequence of str. The domains, at least two. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `16000`.
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples per vector of the encoding. Defaults to `800`.
        depths: pair of int. Layers in a stack of the encoder and of a decoder; the authors
            trained with `(10, 14)`. Defaults to `(10, 10)`.
        stacks: pair of int. Stacks of the encoder and of a decoder. Defaults to `(3, 4)`.
        preactivation: bool. As of `TranslationEncoder`. Defaults to `False`.
        confusion: str or None. How the encoder learns to confuse the classifier: in
            `"alternating"` steps of the one and of the other, or by a `"reversal"` of the gradient
            between them in common steps. `None`: not at all; the classifier learns without
            effect on the encoder. Defaults to `"alternating"`.
        confusion_weight: float. Weight of the classifier's cross-entropy relative to that of the
            samples. Defaults to `0.01`.
        semitones: float. Largest shift of the pitch. Defaults to `0.5`.
        convention: str. Of the mu-law, `"round"` or `"truncate"` as in the authors' code; see
            `signal.mu_law_encode`. Defaults to `"round"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        A list of two waves `(batch, time, domains)`: the input of the encoder and the past
        samples of the decoders, in training the one augmented and the other not. The time is a
        multiple of `pooling`.

    Output shape:
        `(samples, domain_logits)`: logits `(batch, time, domains, 256)` of the mu-law class of
        every sample, given those before it, by the decoder of its domain, and
        `(batch, domains, domains)` of the domain of every wave.

    Raises:
        ValueError: if an argument is out of its range, or the time is no multiple of `pooling`.

    Example:

    >>> model = sm.models.MusicTranslation(filters=4, latent_filters=2, depths=(2, 2))
    >>> waves = np.zeros((1, 1600, 2), dtype="float32")
    >>> [tuple(logits.shape) for logits in model([waves, waves])]
    [(1, 1600, 2, 256), (1, 2, 2)]
    >>> model.translate(waves[0, :, :1], to="vocals").shape
    (1600, 1)

    Reference:

    - Mor, Wolf, Polyak and Taigman (2019). "A Universal Music Translation Network".
      [arXiv:1805.07848](https://arxiv.org/abs/1805.07848)
    """

    representations = ("classes",)

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        filters: int = 128,
        latent_filters: int = 64,
        pooling: int = 800,
        depths: Sequence[int] = (10, 10),
        stacks: Sequence[int] = (3, 4),
        preactivation: bool = False,
        confusion: str | None = "alternating",
        confusion_weight: float = 0.01,
        semitones: float = 0.5,
        convention: str = "round",
        **kwargs,
    ):
        _checks.names("sources", sources, least=2)
        check(self, len(depths) == 2, "depths must be a pair, encoder and decoder")
        check(self, len(stacks) == 2, "stacks must be a pair, encoder and decoder")
        _checks.one_of(
            confusion=(confusion, _CONFUSIONS), convention=(convention, signal.CONVENTIONS)
        )
        _checks.at_least(0, confusion_weight=confusion_weight, semitones=semitones)

        # === Layers ===
        size = {"filters": filters, "latent_filters": latent_filters, "pooling": pooling}
        encoder = TranslationEncoder(
            **size, depth=depths[0], stacks=stacks[0], preactivation=preactivation, name="encoder"
        )
        classifier = DomainClassifier(len(sources), latent_filters, name="classifier")
        decoders = [
            TranslationDecoder(**size, depth=depths[1], stacks=stacks[1], name=f"decoder_{source}")
            for source in sources
        ]

        # === Functional model ===
        augmented = keras.Input((None, len(sources)), name="augmented")
        clean = keras.Input((None, len(sources)), name="clean")
        latents = encoder(fold_domains(compute_levels(augmented, convention)))
        classified = layers.GradientReversal()(latents) if confusion == "reversal" else latents
        domain_logits = unfold_domains(classifier(classified), len(sources))
        waves = ops.split(compute_levels(clean, convention), len(sources), axis=-1)
        by_source = ops.split(latents, len(sources), axis=0)
        samples = [
            decoder([wave, latent])
            for decoder, wave, latent in zip(decoders, waves, by_source, strict=True)
        ]
        outputs = ops.stack(samples, axis=2), domain_logits
        super().__init__([augmented, clean], outputs, channels=1, **kwargs)

    def valid_length(self, n: int) -> tuple[int, int]:
        whole = -(-n // self.pooling) * self.pooling
        return whole, whole

    def training_model(self, loss_on: str | None = None) -> keras.Model:
        self._choose_representation(loss_on)
        return TranslationTrainingModel(self)

    def training_pair(
        self, mixture: Tensor, stems: dict, loss_on: str | None = None, label: Tensor | None = None
    ) -> tuple:
        self._choose_representation(loss_on)
        waves = ops.concatenate([stems[source] for source in self.sources], axis=-1)
        augmented = tf.numpy_function(detune, [waves, self.semitones], tf.float32)
        classes = signal.mu_law_encode(waves, CLASSES, self.convention)
        return (tf.ensure_shape(augmented, waves.shape), waves), classes

    def translate(
        self,
        wave: np.ndarray,
        sample_rate: int | None = None,
        to: str = "accompaniment",
        seed: int = 0,
        temperature: float = 1.0,
        start: int | None = None,
    ) -> np.ndarray:
        """Translate music to another domain.

        Samples are generated one by one, at thousands per second: suited to excerpts rather than
        to songs.

        Args:
            wave: array `(time, channels)`. Every channel is translated separately.
            sample_rate: int. Of the wave, in Hz. Defaults to `None`: that of the model.
            to: str. The target domain, one of `sources`. Defaults to `"accompaniment"`.
            seed: int. Of the samples drawn. Defaults to `0`.
            temperature: float. The logits are divided by it; 0 takes the most probable class,
                which makes the result deterministic. Defaults to `1.0`.
            start: int or None. Mu-law class of the sample before the first one; the authors'
                generator takes 128. Defaults to `None`: the level 0 with which training begins,
                halfway between two classes.

        Returns:
            float32 `(time, channels)`, at the rate of the wave.

        Raises:
            ValueError: if there is no such domain, the wave has no time or channels, the
                temperature is negative, or the start is not a class.
        """
        _checks.one_of(to=(to, self.sources))
        wave = _checks.sound("wave", wave)
        rate = sample_rate or self.sample_rate
        samples = audio.resample(wave, rate, self.sample_rate)
        length, _ = self.valid_length(len(samples))
        samples = np.pad(samples, ((0, length - len(samples)), (0, 0)))
        levels = compute_levels(samples[None], self.convention)
        classes = generation.sample(
            self.get_layer(f"decoder_{to}").to_network(),
            length,
            seeds=[(seed, channel) for channel in range(samples.shape[1])],
            temperature=temperature,
            conditions=ops.convert_to_numpy(self.get_layer("encoder")(fold_domains(levels))),
            hold=self.pooling,
            start=start,
        )
        decoded = ops.convert_to_numpy(signal.mu_law_decode(classes, CLASSES, self.convention)).T
        return audio.resample(decoded, self.sample_rate, rate)[: len(wave)]


def detune(waves, semitones):
    """Shift the pitch of a piece of every wave: a quarter to half of it, from its first half on.

    The random numbers depend on the samples of the wave alone, so that a resumed training uses
    the same examples as an uninterrupted one.

    Args:
        waves: array `(batch, time, domains)`.
        semitones: float. The shift is drawn uniformly from `-semitones` to `semitones`.

    Returns:
        float32 array of that shape.
    """
    shifted = np.array(waves, "float32")
    for wave in (wave for example in shifted for wave in example.T):
        length, uniform = len(wave), np.random.default_rng(zlib.crc32(wave.tobytes())).random
        start, size = int(length * uniform() / 2), int(length * (1 + uniform()) / 4)
        shift = semitones * (2 * uniform() - 1)
        piece = wave[start : start + size, None]
        wave[start : start + size] = audio.stretch(piece, semitones=shift)[:, 0]
    return shifted
