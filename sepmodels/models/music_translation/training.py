"""`TranslationTraining`: the steps in which `MusicTranslation` learns."""

import math

import keras
import tensorflow as tf
from keras import ops

from sepmodels import signal
from sepmodels.models.music_translation.decoder import CLASSES

# What the classifier's cross-entropy is to the encoder, which hears it through a reversed
# gradient or with the sign reversed here.
_SIGNS = {"alternating": -1.0, "reversal": 1.0, None: 0.0}


class TranslationTraining(keras.Model):
    """A `MusicTranslation` as training sees it, with a training step of its own.

    In every batch first the classifier learns, from the encodings of the waves as they are, with
    an optimiser of its own and a rate that stays. Then the encoder and the decoders learn, from
    the augmented waves; the gradient comes through the classifier, which stays as it is. It is
    clipped to [-1, 1] by value, as the authors do. With the gradient reversed, all of them learn
    in the second step.

    It reports `loss` and `bits`, the cross-entropy of the samples in nats and in bits, and
    `domain_accuracy`, the share of waves whose domain the classifier tells: by chance it is one
    over the number of domains.

    Args:
        translation: `MusicTranslation`.
    """

    def __init__(self, translation):
        super().__init__(translation.inputs, translation.outputs[0])
        self.translation = translation
        self._reports = [keras.metrics.Mean(name) for name in ("loss", "bits", "domain_accuracy")]

    def compile(self, optimizer, **kwargs):
        super().compile(optimizer, auto_scale_loss=False, **kwargs)
        self.classifier_optimizer = keras.optimizers.Adam(float(optimizer.learning_rate))
        self.classifier_optimizer.build(self._classifier.trainable_variables)

    @property
    def metrics(self):
        return self._reports

    @property
    def _classifier(self):
        return self.translation.get_layer("classifier")

    def train_step(self, data):
        (heard, waves), classes = data
        confusion, weight = self.translation.confusion, self.translation.confusion_weight
        theirs = self._classifier.trainable_variables
        if confusion != "reversal":
            latents = self.translation.get_layer("encoder")(one_by_one(levels(waves)))
            with tf.GradientTape() as tape:
                domains = by_domain(self._classifier(latents), waves.shape[-1])
                cost = weight * cross_entropy(domains)
            self.classifier_optimizer.apply(tape.gradient(cost, theirs), theirs)

        rest = [layer for layer in self.translation.layers if layer is not self._classifier]
        ours = [variable for layer in rest for variable in layer.trainable_variables]
        with tf.GradientTape() as tape:
            samples, domains = self.translation([heard, waves], training=True)
            loss = self.compute_loss(y=classes, y_pred=samples)
            total = loss + _SIGNS[confusion] * weight * cross_entropy(domains)
        our_gradients, their_gradients = tape.gradient(total, (ours, theirs))
        if confusion == "reversal":
            self.classifier_optimizer.apply(their_gradients, theirs)
        self.optimizer.apply([ops.clip(slope, -1.0, 1.0) for slope in our_gradients], ours)
        return self._report(loss, domains)

    def test_step(self, data):
        (_, waves), classes = data
        samples, domains = self.translation([waves, waves])
        return self._report(self.compute_loss(y=classes, y_pred=samples), domains)

    def _report(self, loss, domains):
        right = ops.argmax(domains, axis=-1) == ops.arange(domains.shape[-1])
        for report, value in zip(self._reports, (loss, loss / math.log(2), right), strict=True):
            report.update_state(value)
        return self.get_metrics_result()


def levels(waves):
    """Mu-law levels in [-0.5, 0.5] of waves in [-1, 1]; silence is the one just above 0."""
    return ops.cast(signal.mu_law_encode(waves, CLASSES), "float32") / (CLASSES - 1) - 0.5


def one_by_one(waves):
    """`(batch, time, domains)` to `(domains * batch, time, 1)`: all of a domain, then the next."""
    return ops.concatenate(ops.split(waves, waves.shape[-1], axis=-1), axis=0)


def by_domain(rows, domains):
    """`(domains * batch, ...)`, what was made of waves one by one, to `(batch, domains, ...)`."""
    return ops.stack(ops.split(rows, domains, axis=0), axis=1)


def cross_entropy(domains):
    """Cross-entropy in nats of logits `(batch, domains, domains)`, a row for each wave."""
    return -ops.mean(ops.diagonal(ops.log_softmax(domains), axis1=1, axis2=2))
