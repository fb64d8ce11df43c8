"""`DilatedConvGRU`: dilated convolution with the dilated GRU (Liu and Yang 2019)."""

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.dilated_gru import DilatedGRU
from sepmodels.layers.min_gru import MinGRU
from sepmodels.layers.registration import check, register
from sepmodels.layers.weight_normalization import WeightNormalization
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator

_ORDERS = ("conv_gru", "gru_conv")
_RECURRENCES = {"gru": DilatedGRU, "min_gru": MinGRU}
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
        sources=("vocals", "accompaniment"),
        sample_rate=16000,
        channels=1,
        n_fft=1024,
        hop_length=256,
        filters=128,
        dilations=(1, 2, 4),
        gru_dilation=2,
        groups=2,
        bidirectional=True,
        causal=False,
        order="conv_gru",
        weight_norm=True,
        head="magnitude",
        refine_filters=0,
        mid_side=False,
        recurrence="gru",
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
        gru_dilations = gru_dilation
        if not isinstance(gru_dilation, tuple):
            gru_dilations = (gru_dilation,) * len(dilations)
        alike = len(gru_dilations) == len(dilations)
        check(self, alike, "gru_dilation must be one number or one for each of the dilations")
        self._is_recurrent = any(dilation is not None for dilation in gru_dilations)

        # === Layers ===
        bins, padding = n_fft // 2 + 1, "causal" if causal else "same"
        # Never trained: `adapt` sets the mean and the variance of every bin.
        standardize = keras.layers.BatchNormalization(
            center=False, scale=False, trainable=False, name="standardize"
        )
        activate = keras.layers.LeakyReLU(_SLOPE, name="activate")

        def convolve(x, name, **options):
            return activate(_convolve(x, filters, padding, weight_norm, name, **options))

        def block(x, index, dilation, gru_dilation):
            def local(x):
                return convolve(x, f"conv_{index}", dilation=dilation, groups=groups)

            def distant(x):
                return _recur(recurrence, x, filters, gru_dilation, bidirectional, f"gru_{index}")

            if gru_dilation is None:
                return x + local(x)
            first, second = (local, distant) if order == "conv_gru" else (distant, local)
            inner = first(x)
            return x + inner + second(inner)

        def refine(x, standardized):
            standardized = keras.layers.Reshape((-1, bins, channels))(standardized)
            x = keras.layers.Reshape((-1, bins, channels * len(sources)))(x)
            inner = ops.concatenate([x, standardized], axis=-1)
            inner = activate(_convolve_bins(inner, refine_filters, causal, "refine_in"))
            return x + _convolve_bins(inner, x.shape[-1], causal, "refine_out")

        # === Functional model ===
        def estimate(magnitude):  # (batch, frames, bins, channels)
            x = keras.layers.Reshape((-1, bins * channels))(signal.compress_magnitude(magnitude))
            standardized = standardize(x)
            x = convolve(standardized, "stem")
            for index, dilations_of_block in enumerate(zip(dilations, gru_dilations, strict=True)):
                x = block(x, index, *dilations_of_block)
            width = bins * channels * len(sources)
            x = keras.layers.Conv1D(width, _KERNEL, padding=padding, name="head")(x)
            if refine_filters:
                x = refine(x, standardized)
            x = keras.layers.Reshape((-1, bins, channels, len(sources)))(x)
            x = keras.layers.Activation(_HEADS[head], dtype="float32", name=head)(x)
            magnitude = ops.expand_dims(magnitude, axis=-1)
            magnitudes = x if head == "magnitude" else x * magnitude
            return magnitudes / magnitude, magnitudes

        super().__init__(estimate, {"n_fft": n_fft, "hop_length": hop_length}, **kwargs)

    @property
    def context(self):
        edge = self.n_fft - 1  # the frames over a sample extend so far on either side of it
        if self._is_recurrent:
            return None, edge if self.causal else None
        dilations = (1, *self.dilations, 1, *(1, 1) * bool(self.refine_filters))
        left, right = signal.compute_context(_KERNEL, dilations, self.causal)
        return left * self.hop_length + edge, right * self.hop_length + edge

    def adapt(self, mixture):
        magnitude = signal.compress_magnitude(self.magnitude(mixture))
        mean, variance = ops.moments(magnitude, axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(ops.reshape(mean, (-1,)))
        standardize.moving_variance.assign(ops.reshape(variance, (-1,)))


def _convolve(x, filters, padding, weight_norm, name, dilation=1, groups=1):
    # Group by group: on a CPU Keras compiles a grouped convolution with XLA, which is several
    # times slower.
    outputs = []
    for index, group in enumerate(ops.split(x, groups, axis=-1) if groups > 1 else [x]):
        layer = keras.layers.Conv1D(
            filters // groups, _KERNEL, dilation_rate=dilation, padding=padding
        )
        layer = WeightNormalization(layer) if weight_norm else layer
        layer.name = f"{name}_{index}" if groups > 1 else name
        outputs.append(layer(group))
    return ops.concatenate(outputs, axis=-1) if groups > 1 else outputs[0]


def _convolve_bins(x, filters, causal, name):
    edge = (_KERNEL - 1) // 2
    frames = (_KERNEL - 1, 0) if causal else (edge, edge)
    x = ops.pad(x, ((0, 0), frames, (edge, edge), (0, 0)))
    return keras.layers.Conv2D(filters, _KERNEL, name=name)(x)


def _recur(recurrence, x, filters, dilation, bidirectional, name):
    # Not `keras.layers.Bidirectional`: it copies its layer through a config, and while a file is
    # loaded Keras may confuse such a copy with that of another block.
    arguments = {"units": filters, "dilation": dilation, "return_sequences": True}
    recurrent = _RECURRENCES[recurrence]
    forward = recurrent(**arguments, name=f"{name}_forward")(x)
    if not bidirectional:
        return forward
    backward = recurrent(**arguments, go_backwards=True, name=f"{name}_backward")(x)
    return forward + ops.flip(backward, axis=1)
