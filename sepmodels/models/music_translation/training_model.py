"""`TranslationTrainingModel`: the training step of `MusicTranslation`."""

import math

import keras
import tensorflow as tf
from keras import ops

from sepmodels.layers.registration import register
from sepmodels.models.music_translation.networks import compute_levels, fold_domains, unfold_domains

# Sign of the classifier's cross-entropy in the loss of the encoder, unless a layer reverses its
# gradient.
_SIGNS = {"alternating": -1.0, "reversal": 1.0, None: 0.0}


@register
class TranslationTrainingModel(keras.Model):
    """A `MusicTranslation` with its training step.

    In every batch the classifier learns first, from the encodings of the unchanged waves, with
    an optimizer of its own and a constant rate. Then the encoder and the decoders learn, from
    the augmented waves; the gradient passes through the classifier, which is not changed. It is
    clipped to [-1, 1] by value, as in the authors' code. With the gradient reversed, all of them
    learn in the second step.

    It reports `loss` and `bits`, the cross-entropy of the samples in nats and in bits, and
    `domain_accuracy`, the share of waves whose domain the classifier recognizes: by chance it is
    one over the number of domains.

    Args:
        translation: `MusicTranslation`.
        **kwargs: Passed to `keras.Model` (`name`, ...).
    """

    def __init__(self, translation, **kwargs):
        super().__init__(translation.inputs, translation.outputs[0], **kwargs)
        self.translation = translation
        self.classifier_optimizer = None
        self._reports = [keras.metrics.Mean(name) for name in ("loss", "bits", "domain_accuracy")]

    def get_config(self):
        translation = keras.saving.serialize_keras_object(self.translation)
        return {"name": self.name, "translation": translation}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        translation = keras.saving.deserialize_keras_object(config["translation"])
        return cls(**{**config, "translation": translation})

    def compile(self, optimizer, loss=None, **kwargs):
        super().compile(optimizer, loss, auto_scale_loss=False, **kwargs)
        self.classifier_optimizer = keras.optimizers.Adam(float(optimizer.learning_rate))
        self.classifier_optimizer.build(self._classifier.trainable_variables)

    def get_compile_config(self):
        parts = {"optimizer": self.optimizer, "loss": self.loss}
        return {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return self._reports

    @property
    def variables(self):
        # A training that is resumed needs those of both optimizers.
        return [*super().variables, *getattr(self.classifier_optimizer, "variables", ())]

    @property
    def _classifier(self):
        return self.translation.get_layer("classifier")

    def _encode(self, waves):
        levels = compute_levels(waves, self.translation.convention)
        return self.translation.get_layer("encoder")(fold_domains(levels))

    def train_step(self, data):
        (augmented, waves), classes = data
        confusion, weight = self.translation.confusion, self.translation.confusion_weight
        theirs = self._classifier.trainable_variables
        if confusion != "reversal":
            latents = self._encode(waves)
            with tf.GradientTape() as tape:
                domain_logits = unfold_domains(self._classifier(latents), waves.shape[-1])
                cost = weight * cross_entropy(domain_logits)
            self.classifier_optimizer.apply(tape.gradient(cost, theirs), theirs)

        ours = [v for v in self.translation.trainable_variables if all(v is not w for w in theirs)]
        with tf.GradientTape() as tape:
            samples, domain_logits = self.translation([augmented, waves], training=True)
            loss = self.compute_loss(y=classes, y_pred=samples)
            total = loss + _SIGNS[confusion] * weight * cross_entropy(domain_logits)
        our_gradients, their_gradients = tape.gradient(total, (ours, theirs))
        if confusion == "reversal":
            self.classifier_optimizer.apply(their_gradients, theirs)
        self.optimizer.apply([ops.clip(gradient, -1.0, 1.0) for gradient in our_gradients], ours)
        return self._report(loss, domain_logits)

    def test_step(self, data):
        (_, waves), classes = data
        samples, domain_logits = self.translation([waves, waves])
        loss = self.compute_loss(y=classes, y_pred=samples)
        return self._report(loss, domain_logits)

    def _report(self, loss, domain_logits):
        right = ops.argmax(domain_logits, axis=-1) == ops.arange(domain_logits.shape[-1])
        for report, value in zip(self._reports, (loss, loss / math.log(2), right), strict=True):
            report.update_state(value)
        return self.get_metrics_result()


def cross_entropy(domain_logits):
    """Cross-entropy in nats of logits `(batch, domains, domains)`, a row for each wave."""
    return -ops.mean(ops.diagonal(ops.log_softmax(domain_logits), axis1=1, axis2=2))
