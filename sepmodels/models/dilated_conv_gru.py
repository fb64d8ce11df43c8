"""`DilatedConvGRU`: dilated convolution with the dilated GRU (Liu and Yang 2019)."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, layers, signal
from sepmodels.layers.registration import check, register
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator
from sepmodels.signal.tensor import Tensor

_ORDERS = ("conv_gru", "gru_conv")
_RECURRENCES = {"gru": layers.DilatedGRU, "min_gru": layers.MinGRU}
_HEADS = {"magnitude": "relu", "sigmoid": "sigmoid", "softmax": "softmax"}
_KERNEL = 3  # of every convolution, in frames, as in the first author's later code
_SLOPE = 0.01  # of the leaky ReLU


@register
class DilatedConvGRU(MagnitudeSeparator):
    """Spectrogram separator of dilated convolutions and dilated GRUs.

    A stack of blocks runs over the frames of a magnitude spectrogram whose bins are its
    channels. In a block a dilated convolution covers the neighbourhood of a frame, a dilated GRU
    the distant frames, and both are added to the block's input. Dilation replaces the pooling of
    other networks, so every layer has one output per frame. One network estimates all
    sources; the phase is that of the mixture.

    This is a reconstruction: no code was published, and the text names the parts of the network
    but few of their sizes. Each open choice is an argument, so that an ablation can ask for its
    effect, which makes fourteen beside the names, the rate and the channels. The defaults suit a
    laptop; `recipes` holds a larger network.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "accompaniment")`, the task of the paper's claim.
        sample_rate: int. In Hz. Defaults to `16000`.
        channels: int. Audio channels, stacked on the feature axis. Defaults to `1`.
        n_fft: int. Frame length, in samples. Defaults to `1024` (64 ms, which resolves the
            harmonics of a voice).
        hop_length: int. Step between frames, in samples. Defaults to `256`.
        filters: int. Width of the blocks. Defaults to `128`.
        dilations: sequence of int. Dilation of the convolution of each block, in frames; as
            many blocks as numbers. Defaults to `(1, 2, 4)`.
        gru_dilation: int, sequence of int or None. Of the GRU of each block, in frames.
            `1` is an ordinary GRU, `None` leaves the recurrence out. Defaults to `2`, the
            case that the paper draws.
        groups: int. Groups of the dilated convolutions. The GRU mixes them again. Defaults
            to `2`.
        bidirectional: bool. Whether the GRU also runs backwards; the two directions are
            summed, which keeps the width. Defaults to `True`.
        causal: bool. Whether the convolutions read earlier frames only; needs
            `bidirectional=False`. Such a model can run as a `stream`. Defaults to `False`.
        order: str. `"conv_gru"` follows the title of the paper: the GRU reads the output of
            the convolution. `"gru_conv"` follows the later code. Defaults to `"conv_gru"`.
        weight_norm: bool. Weight normalization, which the paper names, on every convolution
            but the head. Defaults to `True`.
        head: str. `"magnitude"` estimates magnitudes, as the paper does, through a ReLU;
            `"sigmoid"` a mask per source; `"softmax"` masks that sum to one, so that the
            stems sum to the mixture. Defaults to `"magnitude"`.
        refine_filters: int. Width of two convolutions over frames and bins between the head and
            its activation. They also receive the spectrogram, and all bins share them, which
            sharpens the estimate of the blocks. Defaults to `0`: none.
        mid_side: bool. Whether the network receives and estimates mid, `(left + right) / 2`, and
            side, `(left - right) / 2`, of two channels. Defaults to `False`: left and right.
        recurrence: str. `"gru"` is the paper's dilated GRU, `"min_gru"` the minimal GRU of Feng
            et al. (2024), whose gates depend on the input alone. Defaults to `"gru"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up.

    Output shape:
        dict from source to `(batch, time, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.DilatedConvGRU(filters=16)
    >>> stems = model(np.zeros((1, 4000, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 4000, 1), 'accompaniment': (1, 4000, 1)}

    Reference:

    - Liu and Yang (2019), sections 2.1 and 2.2, figures 1 and 2. "Dilated Convolution with
      Dilated GRU for Music Source Separation".
      [arXiv:1906.01203](https://arxiv.org/abs/1906.01203)
    """

    _fixed_arguments = (("kernel_size", _KERNEL), ("leaky_slope", _SLOPE))

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        channels: int = 1,
        n_fft: int = 1024,
        hop_length: int = 256,
        filters: int = 128,
        dilations: Sequence[int] = (1, 2, 4),
        gru_dilation: int | Sequence[int | None] | None = 2,
        groups: int = 2,
        bidirectional: bool = True,
        causal: bool = False,
        order: str = "conv_gru",
        weight_norm: bool = True,
        head: str = "magnitude",
        refine_filters: int = 0,
        mid_side: bool = False,
        recurrence: str = "gru",
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.positive(filters=filters, groups=groups, dilations=dilations)
        _checks.at_least(0, refine_filters=refine_filters)
        _checks.one_of(
            order=(order, _ORDERS), head=(head, _HEADS), recurrence=(recurrence, _RECURRENCES)
        )
        check(self, filters % groups == 0, "groups must divide filters")
        check(self, not (causal and bidirectional), "causal needs bidirectional=False")
        check(self, channels == 2 or not mid_side, "mid_side needs channels=2")
        self._padding = "causal" if causal else "same"
        given = self.gru_dilation
        self._gru_dilations = given if isinstance(given, tuple) else (given,) * len(dilations)
        alike = len(self._gru_dilations) == len(dilations)
        check(self, alike, "gru_dilation must be one number or one for each of the dilations")
        super().__init__({"n_fft": n_fft, "hop_length": hop_length}, **kwargs)

    # === Functional model ===

    def estimate(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        *_, bins, channels = magnitude.shape
        # Never trained: `adapt` sets the mean and the variance of every bin.
        standardize = keras.layers.BatchNormalization(
            center=False, scale=False, trainable=False, name="standardize"
        )
        x = keras.layers.Reshape((-1, bins * channels))(signal.compress_magnitude(magnitude))
        standardized = standardize(x)
        x = self._convolve(standardized, "stem")
        for index in range(len(self.dilations)):
            x = self._apply_block(x, index)
        width = bins * channels * len(self.sources)
        x = keras.layers.Conv1D(width, _KERNEL, padding=self._padding, name="head")(x)
        if self.refine_filters:
            standardized = keras.layers.Reshape((-1, bins, channels))(standardized)
            x = keras.layers.Reshape((-1, bins, channels * len(self.sources)))(x)
            inner = ops.concatenate([x, standardized], axis=-1)
            inner = self._convolve_bins(inner, self.refine_filters, "refine_in")
            x = x + self._convolve_bins(_activate(inner), x.shape[-1], "refine_out")
        x = keras.layers.Reshape((-1, bins, channels, len(self.sources)))(x)
        activation = _HEADS[self.head]
        if activation == "softmax" and len(self.sources) == 2:
            # The softmax of two is the sigmoid of their difference, in a quarter of its time.
            x, activation = x - ops.flip(x, axis=-1), "sigmoid"
        x = keras.layers.Activation(activation, dtype="float32", name=self.head)(x)
        magnitude = ops.expand_dims(magnitude, axis=-1)
        return (x / magnitude, x) if self.head == "magnitude" else (x, x * magnitude)

    def _apply_block(self, x, index):
        def local(x):
            return self._convolve(x, f"conv_{index}", self.dilations[index], self.groups)

        def distant(x):
            return self._recur(x, self._gru_dilations[index], f"gru_{index}")

        if self._gru_dilations[index] is None:
            return x + local(x)
        first, second = (local, distant) if self.order == "conv_gru" else (distant, local)
        inner = first(x)
        return x + inner + second(inner)

    def _convolve(self, x, name, dilation=1, groups=1):
        # Group by group: on a CPU Keras compiles a grouped convolution with XLA, which is several
        # times slower.
        outputs, options = [], {"dilation_rate": dilation, "padding": self._padding}
        for index, group in enumerate(ops.split(x, groups, axis=-1) if groups > 1 else [x]):
            layer = keras.layers.Conv1D(self.filters // groups, _KERNEL, **options)
            layer = layers.WeightNormalization(layer) if self.weight_norm else layer
            layer.name = f"{name}_{index}" if groups > 1 else name
            outputs.append(layer(group))
        return _activate(ops.concatenate(outputs, axis=-1) if groups > 1 else outputs[0])

    def _convolve_bins(self, x, filters, name):
        edge = (_KERNEL - 1) // 2
        frames = (_KERNEL - 1, 0) if self.causal else (edge, edge)
        x = ops.pad(x, ((0, 0), frames, (edge, edge), (0, 0)))
        return keras.layers.Conv2D(filters, _KERNEL, name=name)(x)

    def _recur(self, x, dilation, name):
        # Not `keras.layers.Bidirectional`: it copies its layer through a config, and while a file
        # is loaded Keras may confuse such a copy with that of another block.
        recurrent = _RECURRENCES[self.recurrence]
        options = {"units": self.filters, "dilation": dilation, "return_sequences": True}
        forward = recurrent(**options, name=f"{name}_forward")(x)
        if not self.bidirectional:
            return forward
        backward = recurrent(**options, go_backwards=True, name=f"{name}_backward")(x)
        return forward + ops.flip(backward, axis=1)

    @property
    def context(self) -> tuple[int | None, int | None]:
        edge = self.n_fft - 1  # the frames over a sample extend so far on either side of it
        if any(dilation is not None for dilation in self._gru_dilations):
            return None, edge if self.causal else None
        dilations = (1, *self.dilations, 1, *(1, 1) * bool(self.refine_filters))
        left, right = signal.compute_context(_KERNEL, dilations, self.causal)
        return left * self.hop_length + edge, right * self.hop_length + edge

    def adapt(self, mixture: Tensor) -> None:
        magnitude = signal.compress_magnitude(self.magnitude(mixture))
        mean, variance = ops.moments(magnitude, axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(ops.reshape(mean, (-1,)))
        standardize.moving_variance.assign(ops.reshape(variance, (-1,)))


def _activate(x):
    return ops.leaky_relu(x, _SLOPE)
