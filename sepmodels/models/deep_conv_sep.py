"""`DeepConvSep`: a convolutional autoencoder on magnitudes (Chandna et al. 2017)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from sepmodels import _checks, layers
from sepmodels.layers.registration import check, register
from sepmodels.models.base.magnitude_separator import MagnitudeSeparator
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.signal.tensor import Tensor

_EDGES = {  # window of the transform and ramp of the cross-fade
    "even": ("blackmanharris", "midpoint"),
    "published": ("blackmanharris_symmetric", "endpoint"),
}
_SIZES = ("filters", "vertical", "stride", "horizontal", "units", "bug_compat")  # of the network
_SCALE = 0.3  # of the normalized magnitudes at the input of the network
_EPSILON = 1e-8  # of the noise that keeps the masks defined in silence


@register
class _Bias(keras.layers.Layer):  # the name of its weights in a file follows from that of the class
    """Adds one number per channel."""

    def build(self, input_shape):
        self.bias = self.add_weight(name="bias", shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs):
        return inputs + self.bias


@register
class DeepConvSep(MagnitudeSeparator):
    """Spectrogram separator: one encoder, one tied decoder per source, soft masks.

    A window of a third of a second is compressed twice: by filters that span the bins of a
    frame (timbre), and by filters that span frames (rhythm). A small dense layer holds the
    result. From it each source is decoded by a dense layer of its own and by
    the transposes of both convolutions, with the very kernels of the encoder. Masks distribute
    the mixture over the sources, so the stems sum to it; the phase is that of the mixture.

    As the dense layers fix the length of a window, a song is processed in windows that
    overlap and are cross-faded. A training example of one window, as in the original training, has
    `(frames - 1) * hop_length` samples.

    The convolutions are linear and have a second bias, as in the authors' code. The
    defaults are those for four sources (DSD100); for two sources (iKala) the authors used
    `filters=30, vertical=30, stride=3, horizontal=(10, 20), units=256`. The paper describes its
    networks by these sizes, which is why the class has eleven arguments beside the names, the rate
    and the channels.

    Args:
        sources: sequence of str. Names of the stems. Defaults to
            `("vocals", "bass", "drums", "other")`, the authors' order.
        sample_rate: int. In Hz. Defaults to `44100`.
        channels: int. Audio channels. Defaults to `1`.
        n_fft: int. Length of the Blackman-Harris window, in samples. Defaults to `1024`.
        hop_length: int. Step between frames, in samples. Defaults to `512`.
        frames: int. Length of the network's window, in frames. Defaults to `30`.
        step: int. From one window to the next, in frames; divides `frames`. Defaults to `5`.
        filters: int. Filters of each convolution. Defaults to `50`.
        vertical: int or None. Bins that a filter of the first convolution spans; `None`: all.
            Defaults to `None`.
        stride: int. Step of the first convolution, in bins. Defaults to `1`.
        horizontal: pair of int. Frames, and steps of the first convolution, that a filter of
            the second one covers. Defaults to `(15, 1)`.
        units: int. Width of the dense layer shared by all sources. Defaults to `128`.
        bug_compat: bool. Whether the fourth source uses the dense layer of the second, as in the
            code that the authors published, where both then differ in their last bias alone.
            Defaults to `False`.
        edges: str. `"even"`: the window is periodic, and all windows of frames are faded alike.
            `"published"`, as in the authors' code: the window is symmetric, the fades run from 0
            to 1 inclusive, the first window is not faded in, and one window more is processed at
            the end. Defaults to `"even"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up.

    Output shape:
        dict from source to `(batch, time, channels)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.DeepConvSep(n_fft=64, hop_length=32, filters=4, units=8)
    >>> stems = model(np.zeros((1, 4000, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}["bass"]
    (1, 4000, 1)

    Reference:

    - Chandna, Miron, Janer and Gómez (2017). "Monoaural Audio Source Separation Using Deep
      Convolutional Neural Networks". LVA/ICA 2017.
    """

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "bass", "drums", "other"),
        sample_rate: int = 44100,
        channels: int = 1,
        n_fft: int = 1024,
        hop_length: int = 512,
        frames: int = 30,
        step: int = 5,
        filters: int = 50,
        vertical: int | None = None,
        stride: int = 1,
        horizontal: tuple[int, int] = (15, 1),
        units: int = 128,
        bug_compat: bool = False,
        edges: str = "even",
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.one_of(edges=(edges, _EDGES))

        window, _ = _EDGES[edges]
        transform = {"n_fft": n_fft, "hop_length": hop_length, "window": window}
        super().__init__(transform, **kwargs)

    # === Functional model ===

    def estimate(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        sizes = {name: getattr(self, name) for name in _SIZES}
        network = MaskNetwork(
            self.sources, self.frames, *magnitude.shape[2:], **sizes, name="network"
        )
        _, ramp = _EDGES[self.edges]
        options = {"dtype": "float32", "name": "masks"}
        masks = layers.CrossFade(network, self.frames, self.step, ramp, **options)(magnitude)
        return masks, masks * ops.expand_dims(magnitude, axis=-1)

    @property
    def context(self) -> tuple[int, int]:
        # A sample lies in a frame, which shares a window with others, which contain samples.
        side = (self.frames - 1) * self.hop_length + self.n_fft - 1
        return side, side

    def prepare(self, magnitude: Tensor) -> Tensor:
        """Scale magnitudes to about one, whatever the length of the transform."""
        return magnitude * (_SCALE / self.n_fft**0.5)


@register
class MaskNetwork(SerializableModel):
    """The autoencoder of `DeepConvSep`: from a window of magnitudes to the masks of all sources.

    A class of its own, since a description of it layer by layer would not say that the decoders
    share the kernels of the encoder.

    Args:
        sources: sequence of str. Names of the decoders.
        frames: int. Length of the window.
        bins: int. Frequency bins.
        channels: int. Audio channels.
        **kwargs: The other arguments are those of `DeepConvSep`.
    """

    def __init__(
        self,
        sources,
        frames,
        bins,
        channels,
        filters,
        vertical,
        stride,
        horizontal,
        units,
        bug_compat,
        **kwargs,
    ):
        _checks.positive(bins=bins, frames=frames, filters=filters, stride=stride, units=units)
        height = bins if vertical is None else vertical
        check(self, 1 <= height <= bins, f"vertical must be from 1 to the number of bins, {bins}")
        check(self, len(horizontal) == 2, "horizontal must be two numbers")
        _checks.positive(horizontal=horizontal)
        largest = frames, (bins - height) // stride + 1
        rule = f"horizontal must fit into the output of the first convolution, {largest}"
        fits = horizontal[0] <= largest[0] and horizontal[1] <= largest[1]
        check(self, fits, rule)
        rule = "bug_compat needs four sources, since the fourth decodes the second"
        check(self, len(sources) == 4 or not bug_compat, rule)

        # === Layers ===
        first = keras.layers.Conv2D(filters, (1, height), (1, stride), name="vertical")
        second = keras.layers.Conv2D(filters, horizontal, name="horizontal")

        # === Functional model ===
        window = keras.Input((frames, bins, channels), name="window")
        across = _Bias(name="vertical_bias")(first(window))
        along = _Bias(name="horizontal_bias")(second(across))
        flat = keras.layers.Flatten(name="flat")(along)
        shared = keras.layers.Dense(units, activation="relu", name="shared")(flat)
        maps = []
        for index, source in enumerate(sources):
            if bug_compat and index == 3:
                maps.append(maps[1])
                continue
            x = keras.layers.Dense(flat.shape[-1], activation="relu", name=source)(shared)
            x = keras.layers.Reshape(along.shape[1:])(x)
            x = layers.TiedTranspose(second, name=f"{source}_horizontal")((x, across))
            maps.append(layers.TiedTranspose(first, name=f"{source}_vertical")((x, window)))
        x = _Bias(name="output_bias")(keras.layers.Concatenate()(maps))
        x = keras.layers.Activation("relu", dtype="float32", name="outputs")(x)
        x = ops.reshape(x, (-1, frames, bins, len(sources), channels))
        x = ops.transpose(x, (0, 1, 2, 4, 3))
        noise = np.random.default_rng(0).uniform(size=(frames, bins, 1, 1)).astype("float32")
        x = x + _EPSILON * noise
        super().__init__(window, x / ops.sum(x, axis=-1, keepdims=True), **kwargs)
