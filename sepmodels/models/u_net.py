"""`UNet`: masks from a spectrogram at six scales (Jansson et al. 2017), Spleeter's as well."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, layers
from sepmodels.layers.registration import check, register
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator
from sepmodels.signal.tensor import Tensor

_VARIANTS = ("jansson", "spleeter", "spleeter_softmax")
_ACTIVATIONS = {  # of the encoder, of the decoder
    "leaky_relu": (lambda: keras.layers.LeakyReLU(0.2), lambda: keras.layers.ReLU()),
    "elu": (lambda: keras.layers.ELU(), lambda: keras.layers.ELU()),
}
_EPSILON = 1e-10  # of the powers that share a bin; Spleeter's


@register
class UNet(MagnitudeSeparator):
    """Spectrogram separator: an encoder, a decoder, and skip connections between them.

    The spectrogram is treated as an image. Strided convolutions halve its frames and its bins,
    level by level, and transposed convolutions double them again. What the encoder had at a level
    is concatenated to what the decoder has there, so the bottom can describe seconds of music
    while the details of a bin come from the skip connections. One such network per source
    estimates a mask; the phase is that of the mixture.

    The input is cut into patches of `frames` frames without overlap; the last is padded with
    silence. `separate` cross-fades the windows that it passes to the model.

    The defaults are the network of Jansson et al. Spleeter's, whose published weights
    `load_pretrained("spleeter-2stems")` converts, is

    ```
    UNet(sample_rate=44100, channels=2, n_fft=4096, hop_length=1024, bins=1024, frames=512,
         variant="spleeter")
    ```

    It differs in more than sizes. A skip connection carries the output of the convolution,
    before normalisation and activation; the decoder normalises after the activation; a dilated
    convolution follows the decoder; the estimates of all sources, squared, share every bin
    between them. The moving mean and variance in its published files are 0 and 1: they were never
    updated, so normalisation acts as a trained scale and offset, in training as well, and there
    is no dropout. Its files also hold a normalisation of the bottom that nothing reads, 2,048
    numbers per source, which this class leaves out.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `8192`.
        channels: int. Audio channels, the feature maps of input and output. Defaults to `1`.
        n_fft: int. Frame length, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples. Defaults to `768`.
        bins: int. Frequency bins that the network processes, from 0 Hz up. Above them the sources
            share the mixture equally with `"jansson"`, and are silent otherwise. A multiple of
            `2**len(filters)`. Defaults to `512`.
        frames: int. Length of a patch, in frames; a multiple of `2**len(filters)`. Defaults to
            `128`.
        filters: sequence of int. Width of each level of the encoder. Defaults to
            `(16, 32, 64, 128, 256, 512)`.
        skips: sequence of int or None. Levels with a skip connection, counted from `0`, the
            finest, to `len(filters) - 2`. Defaults to `None`: all of them.
        activation: str. `"leaky_relu"`: leaky ReLU of slope 0.2 in the encoder, ReLU in the
            decoder. `"elu"`: ELU in both, as in Spleeter for four and five sources. Defaults to
            `"leaky_relu"`.
        variant: str. `"jansson"`; `"spleeter"`; or `"spleeter_softmax"`, Spleeter for five
            sources, where the masks sum to one. Defaults to `"jansson"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up.

    Output shape:
        dict from source to `(batch, time, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.UNet(filters=(4, 8), bins=512, frames=8)
    >>> stems = model(np.zeros((1, 4000, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 4000, 1), 'accompaniment': (1, 4000, 1)}

    Reference:

    - Jansson, Humphrey, Montecchio, Bittner, Kumar and Weyde (2017), figure 1. "Singing Voice
      Separation with Deep U-Net Convolutional Networks". ISMIR 2017.
    - Hennequin, Khlif, Voituret and Moussallam (2020). "Spleeter: a fast and efficient music
      source separation tool with pre-trained models".
      [doi:10.21105/joss.02154](https://doi.org/10.21105/joss.02154)
    """

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 8192,
        channels: int = 1,
        n_fft: int = 1024,
        hop_length: int = 768,
        bins: int = 512,
        frames: int = 128,
        filters: Sequence[int] = (16, 32, 64, 128, 256, 512),
        skips: Sequence[int] | None = None,
        activation: str = "leaky_relu",
        variant: str = "jansson",
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.positive(n_fft=n_fft, bins=bins, frames=frames, filters=filters)
        _checks.one_of(activation=(activation, _ACTIVATIONS), variant=(variant, _VARIANTS))
        grid = 2 ** len(filters)
        rule = f"must be a multiple of {grid}, two to the number of filters"
        check(self, bins % grid == 0, f"bins {rule}")
        check(self, frames % grid == 0, f"frames {rule}")
        most = n_fft // 2 + 1
        check(self, bins <= most, f"bins must be at most the {most} of n_fft")
        levels = tuple(range(len(filters) - 1))
        check(self, set(skips or ()) <= set(levels), f"skips must be some of {levels}")

        super().__init__({"n_fft": n_fft, "hop_length": hop_length}, **kwargs)

    # === Functional model ===

    def estimate(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        published = self.variant != "jansson"  # in Spleeter's files
        # Jansson et al. scale to at most one, which a full-scale sine reaches here.
        scaled = magnitude if published else magnitude / (self.n_fft / 4)
        options = {"dtype": "float32", "name": "masks"}
        masks = layers.CrossFade(self._make_network(), self.frames, self.frames, **options)(scaled)
        magnitudes = masks * ops.expand_dims(magnitude, axis=-1)
        gains = _share(magnitudes) if published else masks
        above = [[0, 0], [0, 0], [0, self.n_fft // 2 + 1 - self.bins], [0, 0], [0, 0]]
        rest = 0.0 if published else 1 / len(self.sources)
        return ops.pad(gains, above, constant_values=rest), magnitudes

    def _make_network(self):
        """Return the networks of all sources: from a patch of magnitudes to the masks."""
        published = self.variant != "jansson"
        encoder_activation, decoder_activation = _ACTIVATIONS[self.activation]
        # Before a normalisation a bias would be subtracted again.
        options = {"padding": "same", "kernel_initializer": "he_uniform"}
        scaling = {**options, "strides": 2, "use_bias": published}

        def normalize(x, name):
            layer = _ScaleAndOffset if published else keras.layers.BatchNormalization
            return layer(momentum=0.9, name=f"{name}_normalization")(x)

        def encode(x, width, name):
            """Return the signal of the skip connection, and that of the next level."""
            x = keras.layers.Conv2D(width, 5, **scaling, name=name)(x)
            y = encoder_activation()(normalize(x, name))
            return (x, y) if published else (y, y)

        def decode(x, width, name):
            x = keras.layers.Conv2DTranspose(width, 5, **scaling, name=name)(x)
            if published:
                return normalize(decoder_activation()(x), name)
            return decoder_activation()(normalize(x, name))

        def estimate_logits(x, source):
            name = f"{source}_logits"
            if published:
                x = decode(x, 1, f"{source}_up_0")
                return keras.layers.Conv2D(self.channels, 4, dilation_rate=2, **options, name=name)(
                    x
                )
            return keras.layers.Conv2DTranspose(self.channels, 5, strides=2, **options, name=name)(
                x
            )

        patch = keras.Input((self.frames, self.bins, self.channels), name="patch")
        logits, last = [], len(self.filters) - 1
        for source in self.sources:
            x, encoded = patch, []
            for level, width in enumerate(self.filters):
                skip, x = encode(x, width, f"{source}_down_{level}")
                encoded.append(skip)
            x = encoded[last]
            for level in reversed(range(last)):
                x = decode(x, self.filters[level], f"{source}_up_{level + 1}")
                if not published and level >= last - 3:
                    x = keras.layers.Dropout(0.5)(x)
                if self.skips is None or level in self.skips:
                    x = keras.layers.Concatenate()([encoded[level], x])
            logits.append(estimate_logits(x, source))
        activate = "softmax" if self.variant == "spleeter_softmax" else "sigmoid"
        masks = keras.layers.Activation(activate, dtype="float32")(ops.stack(logits, axis=-1))
        return keras.Model(patch, masks, name="network")

    @property
    def context(self) -> tuple[int, int]:
        # At most a patch; at least what the levels reach, and three frames of the dilated kernel.
        reach = 4 * (2 ** len(self.filters) - 1) + 3 * (self.variant != "jansson")
        side = min(self.frames - 1, reach) * self.hop_length + self.n_fft - 1
        return side, side

    def prepare(self, magnitude: Tensor) -> Tensor:
        """Select the bins that the network processes."""
        return magnitude[:, :, : self.bins]


@register
class _ScaleAndOffset(keras.layers.BatchNormalization):
    """Batch normalisation that uses its moving mean and variance in training as well."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def _share(magnitudes):
    """Share every bin among the sources by their powers; the gains sum to one."""
    power = ops.square(magnitudes)
    total = ops.sum(power, axis=-1, keepdims=True) + _EPSILON
    return (power + _EPSILON / magnitudes.shape[-1]) / total
