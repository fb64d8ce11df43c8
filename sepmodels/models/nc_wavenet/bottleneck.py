"""`BottleneckNCWaveNet`: an `NCWaveNet` with another link between encoder and decoder."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, layers, signal
from sepmodels.layers.registration import check, register
from sepmodels.models.base.torch_layers import convolve
from sepmodels.models.nc_wavenet.nc_wavenet import NCWaveNet
from sepmodels.signal.tensor import Tensor

_REVERSAL = 0.01  # scale of the classifier's gradient in the encoder


@register
class BottleneckNCWaveNet(NCWaveNet):
    """`NCWaveNet` with the bottleneck and the domain confusion of the music translation network.

    With `pooling` the decoder reads the mixture itself. From the encoder it receives only means
    over `pooling` samples, each held for as many samples, as a condition of every layer. With
    `domains` a classifier learns to which domain a song belongs, and the encoder, through a
    gradient reversal, learns to hide it. The classifier is part of the training model, not of the
    separator; the log of the training shows its `domain_accuracy`. The author reports that both
    make the results worse.

    Args:
        pooling: int or None. Samples per step of the bottleneck; `None`: the decoder continues
            from the output of the encoder. Defaults to `800`.
        domains: sequence of str or None. The domains (`Track.domain`) that the encoder should
            hide, at least two. Defaults to `None`.
        **kwargs: Passed to `NCWaveNet`.

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up; in valid mode one of the lengths of
        `valid_length`.

    Output shape:
        dict from source to `(batch, time, channels)`. In valid mode the time is shorter by what
        the convolutions crop: the context without the share of the pooling.

    Raises:
        ValueError: if an argument is out of its range, or there is no encoder.

    Example:

    >>> arguments = {"filters": 4, "skip_filters": 8, "dilations": (1, 2), "stacks": (1, 1)}
    >>> model = sm.models.BottleneckNCWaveNet(pooling=20, **arguments)
    >>> model(np.zeros((1, 400, 1), dtype="float32"))["vocals"].shape[1], model.context
    (400, (36, 36))

    Reference:

    - ShichengChen (2018). "Audio-Source-Separation".
      [github.com/ShichengChen/Audio-Source-Separation](https://github.com/ShichengChen/Audio-Source-Separation)
    - Mor, Wolf, Polyak and Taigman (2019), section 3. "A Universal Music Translation Network".
      [arXiv:1805.07848](https://arxiv.org/abs/1805.07848)
    """

    def __init__(
        self, *, pooling: int | None = 800, domains: Sequence[str] | None = None, **kwargs
    ):
        _checks.positive(pooling=1 if pooling is None else pooling)
        if domains is not None:
            _checks.names("domains", domains, least=2)
        super().__init__(**kwargs)
        rule = "pooling and domains need an encoder: at least one of the first stacks"
        check(self, self.stacks[0] > 0, rule)

    def _connect(self, start, encoded):
        if self.pooling is None:
            return super()._connect(start, encoded)
        encoded = convolve(encoded, encoded.shape[-1], 1, "bottleneck")
        return start, PoolAndHold(self.pooling, self.padding, name="pool_and_hold")(encoded)

    @property
    def context(self) -> tuple[int, int]:
        if self.pooling is None:
            return super().context
        front, encoder, decoder = self._sides
        # A mean depends on both ends of its piece. It reaches an output through all layers of the
        # decoder but the first, which adds it after its convolution.
        first = signal.compute_context(3, self.dilations[:1])[0]
        side = front + max(decoder, encoder + self.pooling - 1 + decoder - first)
        return side, side

    def valid_length(self, n: int) -> tuple[int, int]:
        if self.padding == "valid" and self.pooling is not None:
            n += -(n + 2 * self._sides[-1]) % self.pooling  # whole pieces for the decoder
        return super().valid_length(n)

    def training_model(self, loss_on: str | None = None) -> keras.Model:
        model = super().training_model(loss_on)
        if self.domains is None:
            return model
        label = keras.Input((), dtype="int32", name="domain_label")
        logits = _classify(self._encoded, self.domains)
        outputs = DomainLoss(dtype="float32", name="domain_loss")([model.output, logits, label])
        return keras.Model([self.input, label], outputs)

    def training_pair(
        self, mixture: Tensor, stems: dict, loss_on: str | None = None, label: Tensor | None = None
    ) -> tuple:
        inputs, targets = super().training_pair(mixture, stems, loss_on)
        if self.domains is None:
            return inputs, targets
        rule = f"label must be the index in {self.domains} of the domain of every song"
        _checks.require(label is not None, rule, label=label)
        return (inputs, label), targets


@register
class PoolAndHold(keras.layers.Layer):
    """The mean of every `size` steps, held for as long.

    With `padding="same"` zeros fill the last piece; with `"valid"` a known time that does not
    divide into whole pieces raises `ValueError`.
    """

    def __init__(self, size, padding, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        time, width = ops.shape(inputs)[1], inputs.shape[-1]
        missing = -time % self.size
        if self.padding == "valid" and isinstance(missing, int):
            rule = (
                "without padding the input must have one of the lengths of valid_length, such as "
                f"{missing} samples more than it has, for whole pieces"
            )
            _checks.require(missing == 0, rule, pooling=self.size)
        padded = ops.pad(inputs, [[0, 0], [0, missing], [0, 0]])
        pieces = ops.reshape(padded, (-1, (time + missing) // self.size, self.size, width))
        held = ops.repeat(ops.mean(pieces, axis=2), self.size, axis=1)
        return signal.crop(held, 0, time)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class DomainLoss(keras.layers.Layer):
    """Passes an estimate on, and adds the classifier's cross-entropy to the loss.

    In training alone: validation compares estimates of the stems.
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


def _classify(encoded, domains):
    """Logits `(batch, domains)` of a domain classifier after a gradient reversal.

    As in the author's code, an ELU follows the last convolution as well.
    """
    x = layers.GradientReversal(_REVERSAL, name="reverse")(encoded)
    for index, filters in enumerate((encoded.shape[-1], encoded.shape[-1], len(domains))):
        x = convolve(x, filters, 1, f"domain_{index}", activation="elu")
    return keras.layers.GlobalAveragePooling1D(dtype="float32", name="domain")(x)
