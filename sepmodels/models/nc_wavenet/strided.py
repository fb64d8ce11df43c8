"""`StridedNCWaveNet`: the bottleneck restored by strides instead of dilations."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.registration import register
from sepmodels.models.base import torch_layers
from sepmodels.models.nc_wavenet.companded_separator import CompandedSeparator, encode

_STRIDE = 2
_STRIDED = 3  # kernel size of the convolutions that halve and double the time


@register
class StridedNCWaveNet(CompandedSeparator):
    """The residual layers of `NCWaveNet` in the shape of a U.

    Instead of dilating its kernels, this network lowers the rate: residual layers with wide
    kernels, then a convolution that halves the time, scale by scale. On the return path each
    layer also reads the skip signal of its counterpart on the way down. Input and output are
    those of `NCWaveNet`. Its author found that it separates worse.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `16000`.
        channels: int. Audio channels. Defaults to `1`.
        target: str or None. The source of two that the network estimates; the other one is
            the mixture minus it. `None`: the network estimates all, each with a head of its
            own. Defaults to `"accompaniment"`.
        head: str. `"classes"` gives logits of mu-law classes, `"regression"` companded
            samples. Defaults to `"classes"`.
        filters: int. Width of all layers. Defaults to `128`.
        kernel_size: int. Of the residual layers, in steps, odd. Defaults to `15`.
        front_kernel_size: int. Of the first convolution, in samples, odd. Defaults to `25`.
        scales: int. Number of times that the time is halved. Defaults to `5`.
        layers_per_scale: int. Residual layers before each halving, and after each doubling.
            Defaults to `3`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up.

    Output shape:
        dict from source to `(batch, time, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.StridedNCWaveNet(filters=4, scales=2, layers_per_scale=1)
    >>> stems = model(np.zeros((1, 401, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 401, 1), 'accompaniment': (1, 401, 1)}
    >>> model.context
    (116, 116)

    Reference:

    - ShichengChen (2018), `downsampleRestnet`. "Audio-Source-Separation".
      [github.com/ShichengChen/Audio-Source-Separation](https://github.com/ShichengChen/Audio-Source-Separation)
    """

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        channels: int = 1,
        target: str | None = "accompaniment",
        head: str = "classes",
        filters: int = 128,
        kernel_size: int = 15,
        front_kernel_size: int = 25,
        scales: int = 5,
        layers_per_scale: int = 3,
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.odd(kernel_size=kernel_size, front_kernel_size=front_kernel_size)
        _checks.positive(filters=filters, scales=scales, layers_per_scale=layers_per_scale)

        # === Layers ===
        def convolve(x, size, name, **options):
            return torch_layers.convolve(x, filters, size, name, **options)

        def block(x, name):
            options = {"activation": "relu", "preactivation": True}
            return torch_layers.make_residual_block(filters, kernel_size, name, **options)(x)

        def join(x, skip, name):
            inner = ops.concatenate([skip, ops.relu(x)], axis=-1)
            inner = ops.relu(convolve(inner, kernel_size, f"{name}_wide"))
            return x + convolve(inner, 1, f"{name}_out")

        def halve(x, name):
            # A zero on either side, so that step `j` falls on what was step `2 * j`.
            x = ops.pad(ops.relu(x), [[0, 0], [1, 1], [0, 0]])
            x = convolve(x, _STRIDED, f"{name}_strided", strides=_STRIDE, padding="valid")
            return convolve(ops.relu(x), 1, f"{name}_out")

        def double(x, like, name):
            options = {
                "kernel_initializer": torch_layers.make_torch_uniform(),
                "name": f"{name}_strided",
            }
            x = keras.layers.Conv1DTranspose(filters, _STRIDED, _STRIDE, **options)(ops.relu(x))
            x = Trim(name=f"{name}_trim")([x, like])
            return convolve(ops.relu(x), 1, f"{name}_out")

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        x, skips = convolve(encode(mixture), front_kernel_size, "front"), []
        for scale in range(scales):
            for index in range(layers_per_scale):
                skips.append(convolve(ops.relu(x), 1, f"skip_{scale}_{index}"))
                x = block(x, f"down_{scale}_{index}")
            x = halve(x, f"halve_{scale}")
        for index in range(2):
            x = convolve(ops.relu(x), kernel_size, f"bottom_{index}")
        for scale in reversed(range(scales)):
            x = double(x, skips[-1], f"double_{scale}")
            for index in reversed(range(layers_per_scale)):
                x = join(x, skips.pop(), f"up_{scale}_{index}")
        super().__init__(mixture, x, mixture, filters, **kwargs)

    @property
    def context(self) -> tuple[int, int]:
        # A step of scale `s` is `2**s` samples long. The exact context depends on the position of
        # a sample in the grid of the strides; this is the maximum.
        wide = self.kernel_size // 2
        per_scale = 2 * (self.layers_per_scale * wide + _STRIDED // 2)
        bottom = 2**self.scales * 2 * wide
        side = self.front_kernel_size // 2 + (2**self.scales - 1) * per_scale + bottom
        return side, side


@register
class Trim(keras.layers.Layer):
    """A doubled signal from its second step on, cut to the length of another signal.

    An odd time is one step shorter than twice its half.
    """

    def call(self, inputs):
        x, like = inputs
        return signal.crop(x, 1, ops.shape(like)[1])

    def compute_output_shape(self, input_shape):
        shape, like = input_shape
        return shape[0], like[1], shape[2]
