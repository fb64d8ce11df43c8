"""What `NCWaveNet` and its relatives share: layers, how they hear and answer, who listens in."""

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.gradient_reversal import GradientReversal
from sepmodels.layers.initializer import torch_uniform
from sepmodels.layers.mu_law import MuLawDecode, MuLawEncode
from sepmodels.models.base.separator import Separator

CLASSES = 256
HEADS = ("classes", "regression")
_STANDARD = {"mean": -0.0039727693, "deviation": 0.5484016520}  # of the author's songs
_REVERSAL = 0.01  # what the encoder hears of the domain classifier

# === Layers ===


def convolve(x, filters, kernel_size, name, **how):
    """A convolution over time that keeps the length, unless `padding` says otherwise."""
    how = {"padding": "same", "kernel_initializer": torch_uniform(), **how}
    return keras.layers.Conv1D(filters, kernel_size, name=name, **how)(x)


def residual(x, kernel_size, name):
    """ReLU, a convolution, ReLU, a 1x1 convolution, and the sum of that with `x`."""
    return GatedResidualBlock(
        x.shape[-1],
        kernel_size,
        activation="relu",
        preactivation=True,
        kernel_initializer=torch_uniform(),
        name=name,
    )(x)


# === Who is estimated ===


def heads_for(sources, target):
    """The sources that a network estimates: the target, or all of them where it is `None`."""
    if target is not None and (target not in sources or len(sources) != 2):
        raise ValueError(
            "target must be one of two sources, or None for a head per source. Received: "
            f"target={target!r}, sources={sources}"
        )
    return sources if target is None else (target,)


def stems_of(mixture, waves, heads, sources):
    """Stems of waves `(batch, time, channels, heads)`; the mixture's rest has no head."""
    stems = dict(zip(heads, ops.unstack(waves, axis=-1), strict=True))
    if len(heads) < len(sources):
        rest = mixture - sum(list(stems.values())[1:], start=stems[heads[0]])
    return {source: stems[source] if source in heads else rest for source in sources}


# === The mu-law's scale ===


def hear(mixture):
    """The mixture companded, not quantised, and standardised."""
    companded = MuLawEncode(CLASSES, quantize=False, dtype="float32", name="compand")(mixture)
    # Never trained: it starts with the author's constants, and `adapt` fits it to other songs.
    return keras.layers.BatchNormalization(
        center=False,
        scale=False,
        epsilon=1e-8,
        moving_mean_initializer=keras.initializers.Constant(_STANDARD["mean"]),
        moving_variance_initializer=keras.initializers.Constant(_STANDARD["deviation"] ** 2),
        trainable=False,
        dtype="float32",
        name="standardize",
    )(companded)


def answer(x, head, filters, channels, heads):
    """Two 1x1 convolutions to the estimate.

    That is `(batch, time, channels, heads, classes)` logits, or `(batch, time, channels, heads)`
    companded samples if `head` is `"regression"`.
    """
    if head == "classes":
        x = ops.relu(convolve(ops.relu(x), filters, 1, "head"))
        x = convolve(x, CLASSES * channels * len(heads), 1, "logits")
        return keras.layers.Reshape((-1, channels, len(heads), CLASSES), dtype="float32")(x)
    x = ops.tanh(convolve(ops.leaky_relu(x, 0.01), filters, 1, "head"))
    x = convolve(x, channels * len(heads), 1, "companded")
    return keras.layers.Reshape((-1, channels, len(heads)), dtype="float32")(x)


class CompandedSeparator(Separator):
    """Base of the networks that hear and answer in the mu-law.

    Args:
        mixture: `keras.Input` of `(batch, time, channels)`.
        estimate: tensor of `answer`.
        centre: tensor. What of the mixture the estimate is about.
        target: str or None. The source estimated, see `heads_for`.
        head: str. `"classes"` or `"regression"`.
        **kwargs: `sources`, `sample_rate` and what else `Separator` takes.
    """

    def __init__(self, mixture, estimate, centre, *, target, head, **kwargs):
        heads = heads_for(kwargs["sources"], target)
        decode = MuLawDecode(CLASSES, head == "classes", dtype="float32", name="expand")
        waves = decode(ops.argmax(estimate, axis=-1) if head == "classes" else estimate)
        stems = stems_of(centre, waves, heads, kwargs["sources"])
        super().__init__(mixture, stems, channels=mixture.shape[-1], **kwargs)
        self._heads = heads
        self._estimate = estimate
        self.target = target
        self.head = head

    @property
    def _loss_domains(self):
        # The likeliest class has no gradient, so waveforms are for regression alone.
        return ("classes",) if self.head == "classes" else ("companded", "waveform")

    def estimator(self, domain="classes"):
        self._check_domain(domain, self._loss_domains)
        if domain == "waveform":
            return super().estimator()
        return keras.Model(self.input, self._estimate)

    def targets(self, stems, domain="classes"):
        self._check_domain(domain, self._loss_domains)
        if domain == "waveform":
            return super().targets(stems)
        waves = ops.stack([stems[source] for source in self._heads], axis=-1)
        if domain == "companded":
            return signal.mu_law_compress(waves, CLASSES)
        return signal.mu_law_encode(waves, CLASSES)

    def adapt(self, mixture):
        companded = signal.mu_law_compress(mixture, CLASSES)
        mean, variance = ops.moments(companded, axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(mean)
        standardize.moving_variance.assign(variance)


# === Between encoder and decoder ===


class PoolAndHold(keras.layers.Layer):
    """The mean of every `size` steps, held for as long.

    With `padding="same"` silence fills the last piece; with `"valid"` a known time that does not
    divide into whole pieces raises `ValueError`.
    """

    def __init__(self, size, padding, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.padding = padding

    def call(self, inputs):
        time, width = ops.shape(inputs)[1], inputs.shape[-1]
        missing = -time % self.size
        if self.padding == "valid" and isinstance(missing, int) and missing:
            raise ValueError(
                "without padding the input must have one of the lengths of valid_length, such as "
                f"{missing} samples more than it has, for whole pieces of pooling={self.size}"
            )
        padded = ops.pad(inputs, [[0, 0], [0, missing], [0, 0]])
        pieces = ops.reshape(padded, (-1, (time + missing) // self.size, self.size, width))
        held = ops.repeat(ops.mean(pieces, axis=2), self.size, axis=1)
        return signal.crop(held, 0, time)

    def compute_output_shape(self, input_shape):
        return input_shape


def classify(encoded, domains):
    """Logits `(batch, domains)` of a domain classifier behind a gradient reversal.

    As the author has it, an ELU follows the last convolution as well.
    """
    x = GradientReversal(_REVERSAL, name="reverse")(encoded)
    for index, filters in enumerate((encoded.shape[-1], encoded.shape[-1], len(domains))):
        x = convolve(x, filters, 1, f"domain_{index}", activation="elu")
    return keras.layers.GlobalAveragePooling1D(dtype="float32", name="domain")(x)


class DomainLoss(keras.layers.Layer):
    """Lets an estimate through, and adds the classifier's cross-entropy to the loss.

    In training alone: a validation compares what separates.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="domain_accuracy")

    def call(self, inputs, training=False):
        estimate, logits, label = inputs
        self.accuracy.update_state(label, logits)
        if training:
            cost = ops.sparse_categorical_crossentropy(label, logits, from_logits=True)
            self.add_loss(ops.mean(cost))
        return estimate

    def compute_output_shape(self, input_shape):
        return input_shape[0]
