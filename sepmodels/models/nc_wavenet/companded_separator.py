"""`CompandedSeparator`: mu-law companded input, and classes or companded samples as output."""

import math
from collections.abc import Callable

import keras
from keras import ops

from sepmodels import _checks, layers, signal
from sepmodels.models.base.separator import Separator, complete_stems, select_estimated
from sepmodels.models.base.torch_layers import convolve
from sepmodels.signal.tensor import Tensor

CLASSES = 256
HEADS = ("classes", "regression")
# Mean and standard deviation of the author's companded songs.
_MEAN, _DEVIATION = -0.0039727693, 0.5484016520


def encode(mixture):
    """The mixture companded by the mu-law, not quantized, and standardized."""
    compand = layers.MuLawEncode(CLASSES, quantize=False, dtype="float32", name="compand")
    # Never trained: it starts with the author's constants, and `adapt` fits it to other songs.
    return keras.layers.BatchNormalization(
        center=False,
        scale=False,
        epsilon=1e-8,
        moving_mean_initializer=keras.initializers.Constant(_MEAN),
        moving_variance_initializer=keras.initializers.Constant(_DEVIATION**2),
        trainable=False,
        dtype="float32",
        name="standardize",
    )(compand(mixture))


class CompandedSeparator(Separator):
    """Base of the networks whose input and output are companded by the mu-law.

    Two 1x1 convolutions turn the features of the network into an estimate: logits
    `(batch, time, channels, estimated, 256)` or companded samples
    `(batch, time, channels, estimated)`.

    Args:
        mixture: `keras.Input` of `(batch, time, channels)`.
        features: tensor `(batch, time, any)`, which the network made of `encode(mixture)`.
        centre: tensor. The part of the mixture that the features describe.
        head_filters: int. Width between the two convolutions.
        **kwargs: Passed to `Trainable`.

    Attributes:
        head: str. `"classes"` for logits, `"regression"` for samples.
        target: str or None. The source estimated, see `select_estimated`.
    """

    def __init__(
        self, mixture: Tensor, features: Tensor, centre: Callable, head_filters: int, **kwargs
    ):
        _checks.one_of(head=(self.head, HEADS))
        estimated = select_estimated(self.sources, self.target)
        classes = self.head == "classes"
        x = ops.relu(features) if classes else ops.leaky_relu(features, 0.01)
        x = convolve(x, head_filters, 1, "head")
        x, last = (ops.relu(x), "logits") if classes else (ops.tanh(x), "companded")
        shape = (self.channels, len(estimated)) + (CLASSES,) * classes
        x = convolve(x, math.prod(shape), 1, last)
        estimate = keras.layers.Reshape((-1, *shape), dtype="float32")(x)
        decode = layers.MuLawDecode(CLASSES, quantize=classes, dtype="float32", name="expand")
        waves = decode(ops.argmax(estimate, axis=-1) if classes else estimate)
        # The most probable class has no gradient, so waveforms are for regression alone.
        estimates = {"classes": estimate} if classes else {"companded": estimate, "waveform": None}
        stems = complete_stems(centre, ops.unstack(waves, axis=-1), estimated, self.sources)
        super().__init__(mixture, stems, estimates=estimates, estimated=estimated, **kwargs)

    def represent(self, wave: Tensor, loss_on: str) -> Tensor:
        if loss_on == "waveform":
            return wave
        change = signal.mu_law_compress if loss_on == "companded" else signal.mu_law_encode
        return change(wave, CLASSES)

    def adapt(self, mixture: Tensor) -> None:
        mean, variance = ops.moments(signal.mu_law_compress(mixture, CLASSES), axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(mean)
        standardize.moving_variance.assign(variance)
