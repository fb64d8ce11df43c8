"""`DilatedConvGRU`: dilated convolution with the dilated GRU (Liu and Yang 2019)."""

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.dilated_gru import DilatedGRU
from sepmodels.layers.stft import STFT
from sepmodels.layers.weight_norm import WeightNormalization
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator

_ORDERS = ("conv_gru", "gru_conv")
_HEADS = {"magnitude": "relu", "sigmoid": "sigmoid", "softmax": "softmax"}


@keras.saving.register_keras_serializable(package="sepmodels")
class DilatedConvGRU(MagnitudeSeparator):
    """Spectrogram separator of dilated convolutions and dilated GRUs.

    A stack of blocks runs over the frames of a magnitude spectrogram whose bins are its
    channels. In a block a dilated convolution hears the neighbours of a frame, a dilated GRU
    hears far away, and both are added to the block's input. Dilation stands where other
    networks pool, so every layer has one output per frame. One network estimates all
    sources; the phase is that of the mixture.

    This is a reconstruction: no code was published, and many sizes of the authors' network are
    not known here. Each is an argument, with a default for a laptop; `recipes` holds a larger
    network.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "accompaniment")`, the task of the paper's claim.
        sample_rate: int. In Hz. Defaults to `16000`.
        channels: int. Audio channels, stacked on the feature axis. Defaults to `1`.
        n_fft: int. Frame length, in samples. Defaults to `1024` (64 ms: harmonics of a voice
            stand apart).
        hop_length: int. Step between frames, in samples. Defaults to `256`.
        filters: int. Width of the blocks. Defaults to `128`.
        kernel_size: int. Of the convolutions, in frames. Defaults to `3`, as in the first
            author's later code.
        dilations: sequence of int. Dilation of the convolution of each block, in frames; as
            many blocks as numbers. Defaults to `(1, 2, 4)`.
        gru_dilation: int, sequence of int or None. Of the GRU of each block, in frames.
            `1` is an ordinary GRU, `None` leaves the recurrence out. Defaults to `2`, the
            case that the paper draws.
        groups: int. Groups of the dilated convolutions. The GRU mixes them again. Defaults
            to `2`.
        bidirectional: bool. Whether the GRU also runs backwards; the two directions are
            summed, which keeps the width. Defaults to `True`.
        causal: bool. Whether the convolutions hear earlier frames only; with
            `bidirectional=False`. Such a model can run as a `stream`. Defaults to `False`.
        order: str. `"conv_gru"` follows the title of the paper: the GRU hears the
            convolution. `"gru_conv"` follows the later code. Defaults to `"conv_gru"`.
        weight_norm: bool. Weight normalization, which the paper names, on every convolution
            but the head. Defaults to `True`.
        leaky_slope: float. Slope of the leaky ReLU. Defaults to `0.01`.
        head: str. `"magnitude"` estimates magnitudes, as the paper does, through a ReLU;
            `"sigmoid"` a mask per source; `"softmax"` masks that sum to one, so that the
            stems sum to the mixture. Defaults to `"magnitude"`.
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

    def __init__(
        self,
        sources=("vocals", "accompaniment"),
        sample_rate=16000,
        channels=1,
        n_fft=1024,
        hop_length=256,
        filters=128,
        kernel_size=3,
        dilations=(1, 2, 4),
        gru_dilation=2,
        groups=2,
        bidirectional=True,
        causal=False,
        order="conv_gru",
        weight_norm=True,
        leaky_slope=0.01,
        head="magnitude",
        **kwargs,
    ):
        sources, dilations = _checks.names("sources", sources), tuple(dilations)
        _checks.positive(filters=filters, kernel_size=kernel_size, groups=groups)
        _checks.positive(dilations=dilations)
        _checks.one_of(order=(order, _ORDERS), head=(head, _HEADS))
        if isinstance(gru_dilation, list):
            gru_dilation = tuple(gru_dilation)
        gru_dilations = gru_dilation
        if not isinstance(gru_dilation, tuple):
            gru_dilations = (gru_dilation,) * len(dilations)
        if len(gru_dilations) != len(dilations):
            raise ValueError(
                "gru_dilation must be one number or one for each of the dilations. Received: "
                f"gru_dilation={gru_dilation}, dilations={dilations}"
            )
        if filters % groups:
            raise ValueError(
                f"groups must divide filters. Received: groups={groups}, filters={filters}"
            )
        if causal and bidirectional:
            raise ValueError(f"causal needs bidirectional=False. Received: causal={causal}")

        # === Layers ===
        bins, padding = n_fft // 2 + 1, "causal" if causal else "same"
        transform = {"n_fft": n_fft, "hop_length": hop_length}
        # Never trained: `adapt` sets the mean and the variance of every bin.
        standardize = keras.layers.BatchNormalization(
            center=False, scale=False, trainable=False, name="standardize"
        )
        activate = keras.layers.LeakyReLU(leaky_slope, name="activate")

        def convolve(x, name, dilation=1, groups=1):
            # Group by group: on a CPU Keras compiles a grouped convolution with XLA, which
            # costs several times as much.
            parts = []
            for index, part in enumerate(ops.split(x, groups, axis=-1) if groups > 1 else [x]):
                layer = keras.layers.Conv1D(
                    filters // groups, kernel_size, dilation_rate=dilation, padding=padding
                )
                layer = WeightNormalization(layer) if weight_norm else layer
                layer.name = f"{name}_{index}" if groups > 1 else name
                parts.append(layer(part))
            return activate(ops.concatenate(parts, axis=-1) if groups > 1 else parts[0])

        def recur(x, name, dilation):
            # Not `keras.layers.Bidirectional`: it copies its layer through a config, and while a
            # file is loaded Keras may take such a copy for that of another block.
            gru = {"units": filters, "dilation": dilation, "return_sequences": True}
            forward = DilatedGRU(**gru, name=f"{name}_forward")(x)
            if not bidirectional:
                return forward
            backward = DilatedGRU(**gru, go_backwards=True, name=f"{name}_backward")(x)
            return forward + ops.flip(backward, axis=1)

        def block(x, index, dilation, gru_dilation):
            def near(x):
                return convolve(x, f"conv_{index}", dilation, groups)

            def far(x):
                return recur(x, f"gru_{index}", gru_dilation)

            if gru_dilation is None:
                return x + near(x)
            first, second = (near, far) if order == "conv_gru" else (far, near)
            inner = first(x)
            return x + inner + second(inner)

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        spectrum = STFT(**transform, dtype="float32", name="stft")(mixture)
        level = signal.compute_magnitude(*spectrum)  # (batch, frames, bins, channels)

        x = keras.layers.Reshape((-1, bins * channels))(signal.compress_magnitude(level))
        x = convolve(standardize(x), "stem")
        for index, dilation in enumerate(dilations):
            x = block(x, index, dilation, gru_dilations[index])
        x = keras.layers.Conv1D(
            bins * channels * len(sources), kernel_size, padding=padding, name="head"
        )(x)
        x = keras.layers.Reshape((-1, bins, channels, len(sources)))(x)
        x = keras.layers.Activation(_HEADS[head], dtype="float32", name=head)(x)
        level = ops.expand_dims(level, axis=-1)
        magnitudes = x if head == "magnitude" else x * level
        super().__init__(
            mixture,
            spectrum,
            gains=magnitudes / level,
            magnitudes=magnitudes,
            transform=transform,
            sources=sources,
            sample_rate=sample_rate,
            **kwargs,
        )
        self._recurrent = any(dilation is not None for dilation in gru_dilations)

        # === Config ===
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.filters = filters
        self.kernel_size = kernel_size
        self.dilations = dilations
        self.gru_dilation = gru_dilation
        self.groups = groups
        self.bidirectional = bidirectional
        self.causal = causal
        self.order = order
        self.weight_norm = weight_norm
        self.leaky_slope = leaky_slope
        self.head = head

    @property
    def context(self):
        edge = self.n_fft - 1  # the frames over a sample begin and end so far beside it
        if self._recurrent:
            return None, edge if self.causal else None
        left, right = signal.compute_context(self.kernel_size, (1, *self.dilations, 1), self.causal)
        return left * self.hop_length + edge, right * self.hop_length + edge

    def adapt(self, mixture):
        level = signal.compress_magnitude(self.level(mixture))
        mean, variance = ops.moments(level, axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(ops.reshape(mean, (-1,)))
        standardize.moving_variance.assign(ops.reshape(variance, (-1,)))
