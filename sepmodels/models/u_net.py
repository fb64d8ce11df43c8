"""`UNet`: masks from a spectrogram at six scales (Jansson et al. 2017), Spleeter's as well."""

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.cross_fade import CrossFade
from sepmodels.layers.stft import STFT
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator

_VARIANTS = ("jansson", "spleeter", "spleeter_softmax")
_ACTIVATIONS = {  # of the encoder, of the decoder
    "leaky_relu": (lambda: keras.layers.LeakyReLU(0.2), lambda: keras.layers.ReLU()),
    "elu": (lambda: keras.layers.ELU(), lambda: keras.layers.ELU()),
}
_EPSILON = 1e-10  # of the powers that share a bin; Spleeter's


@keras.saving.register_keras_serializable(package="sepmodels")
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
        sources=("vocals", "accompaniment"),
        sample_rate=8192,
        channels=1,
        n_fft=1024,
        hop_length=768,
        bins=512,
        frames=128,
        filters=(16, 32, 64, 128, 256, 512),
        skips=None,
        activation="leaky_relu",
        variant="jansson",
        **kwargs,
    ):
        sources, filters = _checks.names("sources", sources), tuple(filters)
        skips = skips if skips is None else tuple(skips)
        _checks.positive(n_fft=n_fft, bins=bins, frames=frames, filters=filters)
        _checks.one_of(activation=(activation, _ACTIVATIONS), variant=(variant, _VARIANTS))
        _check_grid(bins, frames, n_fft, 2 ** len(filters))
        levels = range(len(filters) - 1)
        if skips is not None and not set(skips) <= set(levels):
            raise ValueError(f"skips must be some of {(*levels,)}. Received: skips={skips}")

        # === Layers ===
        published = variant != "jansson"  # in Spleeter's files
        encoding, decoding = _ACTIVATIONS[activation]
        transform = {"n_fft": n_fft, "hop_length": hop_length}
        # Before a normalisation a bias would be subtracted again.
        how = {"padding": "same", "kernel_initializer": "he_uniform"}
        scale = {**how, "strides": 2, "use_bias": published}

        def normalize(x, name):
            layer = _ScaleAndOffset if published else keras.layers.BatchNormalization
            return layer(momentum=0.9, name=f"{name}_normalization")(x)

        def encode(x, width, name):
            """What the skip connection carries, and what the next level gets."""
            x = keras.layers.Conv2D(width, 5, **scale, name=name)(x)
            y = encoding()(normalize(x, name))
            return (x, y) if published else (y, y)

        def decode(x, width, name):
            x = keras.layers.Conv2DTranspose(width, 5, **scale, name=name)(x)
            if published:
                return normalize(decoding()(x), name)
            return decoding()(normalize(x, name))

        def last(x, source):
            name = f"{source}_logits"
            if published:
                x = decode(x, 1, f"{source}_up_0")
                return keras.layers.Conv2D(channels, 4, dilation_rate=2, **how, name=name)(x)
            return keras.layers.Conv2DTranspose(channels, 5, strides=2, **how, name=name)(x)

        # === Functional model ===
        # The networks: a patch of magnitudes in, the masks of all sources out.
        patch = keras.Input((frames, bins, channels), name="patch")
        logits = []
        for source in sources:
            x, carried = patch, []
            for level, width in enumerate(filters):
                skip, x = encode(x, width, f"{source}_down_{level}")
                carried.append(skip)
            x = carried.pop()
            for level in reversed(levels):
                x = decode(x, filters[level], f"{source}_up_{level + 1}")
                if not published and level >= len(filters) - 4:
                    x = keras.layers.Dropout(0.5)(x)
                if skips is None or level in skips:
                    x = keras.layers.Concatenate()([carried[level], x])
            logits.append(last(x, source))
        activate = "softmax" if variant == "spleeter_softmax" else "sigmoid"
        masks = keras.layers.Activation(activate, dtype="float32")(ops.stack(logits, axis=-1))
        network = keras.Model(patch, masks, name="network")

        # The separator: a waveform in, patch by patch through the networks, waveforms out.
        mixture = keras.Input((None, channels), name="mixture")
        spectrum = STFT(**transform, dtype="float32", name="stft")(mixture)
        magnitude = signal.compute_magnitude(*spectrum)[:, :, :bins]
        # Jansson et al. scale to at most one, which a full-scale sine reaches here.
        scaled = magnitude if published else magnitude / (n_fft / 4)
        masks = CrossFade(network, frames, frames, dtype="float32", name="masks")(scaled)
        magnitudes = masks * ops.expand_dims(magnitude, axis=-1)
        gains = _shared(magnitudes) if published else masks
        above = [[0, 0], [0, 0], [0, n_fft // 2 + 1 - bins], [0, 0], [0, 0]]
        super().__init__(
            mixture,
            spectrum,
            gains=ops.pad(gains, above, constant_values=0.0 if published else 1 / len(sources)),
            magnitudes=magnitudes,
            transform=transform,
            sources=sources,
            sample_rate=sample_rate,
            **kwargs,
        )

        # === Config ===
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.bins = bins
        self.frames = frames
        self.filters = filters
        self.skips = skips
        self.activation = activation
        self.variant = variant

    @property
    def context(self):
        # At most a patch; at least what the levels reach, and three frames of the dilated kernel.
        reach = 4 * (2 ** len(self.filters) - 1) + 3 * (self.variant != "jansson")
        side = min(self.frames - 1, reach) * self.hop_length + self.n_fft - 1
        return side, side

    def magnitude(self, waves):
        return super().magnitude(waves)[:, :, : self.bins]


@keras.saving.register_keras_serializable(package="sepmodels")
class _ScaleAndOffset(keras.layers.BatchNormalization):
    """Batch normalisation with the statistics that it has, in training as well."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def _shared(magnitudes):
    """Shares every bin among the sources by their powers; sums to one."""
    power = ops.square(magnitudes)
    total = ops.sum(power, axis=-1, keepdims=True) + _EPSILON
    return (power + _EPSILON / magnitudes.shape[-1]) / total


def _check_grid(bins, frames, n_fft, grid):
    for name, value in (("bins", bins), ("frames", frames)):
        if value % grid:
            raise ValueError(
                f"{name} must be a multiple of {grid}, two to the number of filters. "
                f"Received: {name}={value}"
            )
    if bins > n_fft // 2 + 1:
        raise ValueError(
            f"bins must be at most the {n_fft // 2 + 1} of n_fft={n_fft}. Received: bins={bins}"
        )
