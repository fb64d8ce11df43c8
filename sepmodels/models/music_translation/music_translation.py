"""`MusicTranslation`: the same music, played by others (Mor, Wolf, Polyak and Taigman 2019)."""

import zlib

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from sepmodels import _checks, audio, signal
from sepmodels.layers.gradient_reversal import GradientReversal
from sepmodels.models.base.trainable import Trainable
from sepmodels.models.music_translation.decoder import TranslationDecoder
from sepmodels.models.music_translation.encoder import DomainClassifier, TranslationEncoder
from sepmodels.models.music_translation.training import (
    TranslationTraining,
    by_domain,
    levels,
    one_by_one,
)
from sepmodels.models.wavenet import generation

_CONFUSIONS = ("alternating", "reversal", None)


@keras.saving.register_keras_serializable(package="sepmodels")
class MusicTranslation(Trainable):
    """Translates music from one domain to another: an encoder for all, a decoder for each.

    A domain is an ensemble or an instrument; here each source of a song is one. The network
    learns to repeat what it hears: the encoder turns a wave into 64 numbers every 50 ms, and the
    domain's own decoder, a WaveNet, plays it from those. A classifier learns to tell the domains
    by their encodings, and the encoder learns to prevent it, so that any decoder can play what
    was encoded from any domain.

    For the encoder a piece of every example is shifted in pitch by up to half a semitone, as if
    out of tune; the decoder must put that right. A song of one domain is a `Track` with one
    source of that name; `cross_songs=1` in the recipe joins songs of several domains.

    Args:
        sources: sequence of str. The domains, at least two. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `16000`.
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples for which a vector of the encoding stands. Defaults to `800`.
        depths: pair of int. Layers in a stack of the encoder and of a decoder; the authors
            trained with `(10, 14)`. Defaults to `(10, 10)`.
        stacks: pair of int. Stacks of the encoder and of a decoder. Defaults to `(3, 4)`.
        preactivation: bool. As of `TranslationEncoder`. Defaults to `False`.
        confusion: str or None. How the encoder learns to confuse the classifier:
            `"alternating"` steps of the one and of the other, or `"reversal"` of the gradient
            between them in common steps. `None`: not at all; the classifier looks on.
            Defaults to `"alternating"`.
        confusion_weight: float. Weight of the classifier's cross-entropy beside that of the
            samples. Defaults to `0.01`.
        semitones: float. The pitch is shifted by up to so much. Defaults to `0.5`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        A list of two waves `(batch, time, domains)`: what the encoder hears and what the
        decoders go on from, in training the one augmented and the other not. The time is a
        multiple of `pooling`.

    Output shape:
        `(samples, domains)`, logits: `(batch, time, domains, 256)` of the mu-law class of every
        sample, from those before it, by the decoder of its domain, and
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

    def __init__(
        self,
        sources=("vocals", "accompaniment"),
        sample_rate=16000,
        filters=128,
        latent_filters=64,
        pooling=800,
        depths=(10, 10),
        stacks=(3, 4),
        preactivation=False,
        confusion="alternating",
        confusion_weight=0.01,
        semitones=0.5,
        **kwargs,
    ):
        sources = _checks.names("sources", sources, least=2)
        depths, stacks = tuple(depths), tuple(stacks)
        for name, pair in (("depths", depths), ("stacks", stacks)):
            if len(pair) != 2:
                raise ValueError(f"{name} must be a pair, encoder and decoder. Received: {pair}")
        _checks.one_of(confusion=(confusion, _CONFUSIONS))
        for name, value in (("confusion_weight", confusion_weight), ("semitones", semitones)):
            if value < 0:
                raise ValueError(f"{name} must not be negative. Received: {name}={value}")

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
        heard = keras.Input((None, len(sources)), name="heard")
        known = keras.Input((None, len(sources)), name="known")
        latents = encoder(one_by_one(levels(heard)))
        told = classifier(GradientReversal()(latents) if confusion == "reversal" else latents)
        waves = ops.split(levels(known), len(sources), axis=-1)
        tunes = ops.split(latents, len(sources), axis=0)
        played = [
            play([wave, tune]) for play, wave, tune in zip(decoders, waves, tunes, strict=True)
        ]
        samples = ops.stack(played, axis=2)
        domains = by_domain(told, len(sources))
        super().__init__(
            [heard, known],
            (samples, domains),
            sources=sources,
            sample_rate=sample_rate,
            channels=1,
            **kwargs,
        )

        # === Config ===
        self.filters = filters
        self.latent_filters = latent_filters
        self.pooling = pooling
        self.depths = depths
        self.stacks = stacks
        self.preactivation = preactivation
        self.confusion = confusion
        self.confusion_weight = confusion_weight
        self.semitones = semitones

    def valid_length(self, n):
        whole = -(-n // self.pooling) * self.pooling
        return whole, whole

    def estimator(self, domain="classes"):
        self._check_domain(domain, ("classes",))
        return TranslationTraining(self)

    def example(self, mixture, stems, domain="classes", label=None):
        self._check_domain(domain, ("classes",))
        waves = ops.concatenate([stems[source] for source in self.sources], axis=-1)
        heard = tf.numpy_function(put_out_of_tune, [waves, self.semitones], tf.float32)
        return (tf.ensure_shape(heard, waves.shape), waves), signal.mu_law_encode(waves)

    def translate(self, wave, sample_rate=None, to="accompaniment", seed=0, temperature=1.0):
        """Play music in another domain.

        Sample by sample, thousands of them a second: for excerpts rather than for songs.

        Args:
            wave: array `(time, channels)`. Every channel is translated by itself.
            sample_rate: int. Of the wave, in Hz. Defaults to `None`: that of the model.
            to: str. The domain to play it in, one of `sources`. Defaults to `"accompaniment"`.
            seed: int. Of the samples drawn. Defaults to `0`.
            temperature: float. The logits are divided by it; 0 takes the likeliest class, always
                the same. Defaults to `1.0`.

        Returns:
            float32 `(time, channels)`, at the rate of the wave.

        Raises:
            ValueError: if there is no such domain, the wave has no time or channels, or the
                temperature is negative.
        """
        _checks.one_of(to=(to, self.sources))
        wave = _checks.sound("wave", wave)
        rate = sample_rate or self.sample_rate
        heard = audio.resample(wave, rate, self.sample_rate)
        length, _ = self.valid_length(len(heard))
        heard = np.pad(heard, ((0, length - len(heard)), (0, 0)))
        latents = self.get_layer("encoder")(one_by_one(levels(heard[None])))
        classes = generation.sample(
            self.get_layer(f"decoder_{to}").network(),
            length,
            seeds=[(seed, channel) for channel in range(heard.shape[1])],
            temperature=temperature,
            conditions=ops.convert_to_numpy(latents),
            hold=self.pooling,
        )
        played = ops.convert_to_numpy(signal.mu_law_decode(classes)).T
        return audio.resample(played, self.sample_rate, rate)[: len(wave)]


def put_out_of_tune(waves, semitones):
    """Shift the pitch of a piece of every wave: a quarter to a half of it, begun in its first half.

    What is drawn depends on the samples of the wave alone, so that a training that goes on after
    a stop hears what it would have heard.

    Args:
        waves: array `(batch, time, domains)`.
        semitones: float. The shift is drawn evenly from `-semitones` to `semitones`.

    Returns:
        float32 array of that shape.
    """
    shifted = np.array(waves, "float32")
    for wave in (wave for example in shifted for wave in example.T):
        length, evenly = len(wave), np.random.default_rng(zlib.crc32(wave.tobytes())).random
        start, size = int(length * evenly() / 2), int(length * (1 + evenly()) / 4)
        shift = semitones * (2 * evenly() - 1)
        piece = wave[start : start + size, None]
        wave[start : start + size] = audio.stretch(piece, semitones=shift)[:, 0]
    return shifted
