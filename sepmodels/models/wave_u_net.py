"""`WaveUNet`: a U-Net on the waveform (Stoller, Ewert and Dixon 2018)."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, layers, signal
from sepmodels.layers.registration import check, register
from sepmodels.models.base.separator import Separator
from sepmodels.signal.tensor import Tensor

_DOWN, _UP = 15, 5  # kernel sizes, in samples
_PADDINGS = ("valid", "same")
_HEADS = ("difference", "direct")
_UPSAMPLINGS = ("linear", "learned")
_ACTIVATIONS = ("tanh", "linear")


@register
class WaveUNet(Separator):
    """Waveform separator that decimates, level by level, and interpolates back.

    On the contracting path a level convolves and then drops every second sample; on the expanding
    path it interpolates, concatenates the features of the same level of the contracting path, and
    convolves. Twelve levels reach a receptive field of seconds with kernels of 15 samples, and no
    phase needs to be estimated.

    The defaults are the authors' network M4. Their others:

    | | differs from M4 by |
    |---|---|
    | M1 | `channels=1, padding="same", head="direct"` |
    | M2 | `channels=1, padding="same"` |
    | M3 | `channels=1` |
    | M5 | `upsampling="learned"`; `M5-HighSR` also by `sample_rate=44100` |
    | M6 | `sources=("bass", "drums", "other", "vocals")` |
    | M7 | `channels=1, sample_rate=8192, filters=34` |

    At inference every stem is clipped to [-1, 1], in training none is. With `"difference"` the
    last stem is the mixture minus the clipped estimates of the others, and clipped itself.

    Args:
        sources: sequence of str. Names of the stems, the last of which is the mixture minus the
            others (see `head`). Defaults to `("accompaniment", "vocals")`.
        sample_rate: int. In Hz. Defaults to `22050`.
        channels: int. Audio channels. Defaults to `2`.
        levels: int. Number of times that the time is halved. Defaults to `12`.
        filters: int. Of the first level; level `i` has `i + 1` times as many. Defaults to `24`.
        padding: str. `"valid"`: the network reads the context of its estimate, and its output is
            shorter than its input. `"same"`: zeros replace the context, at every level. Defaults
            to `"valid"`.
        head: str. `"difference"` estimates all sources but the last, which is the rest of the
            mixture, so that the stems sum to it. `"direct"` estimates each. Defaults to
            `"difference"`.
        upsampling: str. `"linear"`, or `"learned"`: a weight per channel, see `Upsample`.
            Defaults to `"linear"`.
        activation: str. Of the estimates: `"tanh"` or `"linear"`. Defaults to `"tanh"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`. With `"same"` any time from 1 sample up (the authors used
        multiples of `2**levels`); with `"valid"` an input length of `valid_length`.

    Output shape:
        dict from source to `(batch, time, channels)`; with `"valid"` the time is the output
        length of `valid_length`, the centre of the input.

    Raises:
        ValueError: if an argument is out of its range, or the time does not fit.

    Example:

    >>> model = sm.models.WaveUNet(levels=3, filters=4)
    >>> size, _ = model.valid_length(1000)
    >>> stems = model(np.zeros((1, size, 2), dtype="float32"))
    >>> size, {source: tuple(stem.shape) for source, stem in stems.items()}
    (1243, {'accompaniment': (1, 1005, 2), 'vocals': (1, 1005, 2)})

    Reference:

    - Stoller, Ewert and Dixon (2018), section 3, figure 1, table 1. "Wave-U-Net: A Multi-Scale
      Neural Network for End-to-End Audio Source Separation".
      [arXiv:1806.03185](https://arxiv.org/abs/1806.03185)
    """

    def __init__(
        self,
        sources: Sequence[str] = ("accompaniment", "vocals"),
        sample_rate: int = 22050,
        channels: int = 2,
        levels: int = 12,
        filters: int = 24,
        padding: str = "valid",
        head: str = "difference",
        upsampling: str = "linear",
        activation: str = "tanh",
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.positive(levels=levels, filters=filters, channels=channels)
        _checks.one_of(
            padding=(padding, _PADDINGS),
            head=(head, _HEADS),
            upsampling=(upsampling, _UPSAMPLINGS),
            activation=(activation, _ACTIVATIONS),
        )
        rule = "head='difference' needs at least two sources; for one use head='direct'"
        check(self, len(sources) > 1 or head == "direct", rule)

        # === Layers ===
        activate = keras.layers.LeakyReLU(0.2, name="activate")
        clip = ClipAtInference(dtype="float32", name="clip")

        def convolve(x, width, kernel_size, name):
            convolution = keras.layers.Conv1D(width, kernel_size, padding=padding, name=name)
            return activate(convolution(x))

        def estimate(x, name):
            # In single precision, as the mixture from which the estimates are subtracted.
            options = {"activation": activation, "dtype": "float32", "name": name}
            return clip(keras.layers.Conv1D(channels, 1, **options)(x))

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")

        x, skips = mixture, []
        for level in range(levels):
            x = convolve(x, filters * (level + 1), _DOWN, f"down_{level}")
            skips.append(x)
            x = layers.Decimate(name=f"decimate_{level}")(x)
        x = convolve(x, filters * (levels + 1), _DOWN, "bottom")
        for level in reversed(range(levels)):
            x = layers.Upsample(upsampling, padding, name=f"upsample_{level}")(x)
            x = layers.CropConcat(name=f"join_{level}")((skips[level], x))
            x = convolve(x, filters * (level + 1), _UP, f"up_{level}")
        x = layers.CropConcat(name="join_mixture", dtype="float32")((mixture, x))

        estimated = sources if head == "direct" else sources[:-1]
        waves = [estimate(x, f"head_{index}") for index in range(len(estimated))]
        if head == "difference":
            waves.append(clip(x[..., :channels] - sum(waves)))
        stems = dict(zip(sources, waves, strict=True))
        super().__init__(mixture, stems, **kwargs)

    @property
    def context(self) -> tuple[int, int]:
        side = signal.compute_wave_u_net_context(self.levels, _DOWN, _UP)
        return side, side

    def valid_length(self, n: int) -> tuple[int, int]:
        if self.padding == "same":
            return n, n
        return signal.find_wave_u_net_lengths(n, self.levels, _DOWN, _UP)

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> dict[str, Tensor]:
        self._check_length(inputs.shape[1])
        return super().call(inputs, training=training, mask=mask)

    def _check_length(self, time):
        if time is None or self.padding == "same":
            return
        least, shortest = self.valid_length(1)
        size, output = self.valid_length(max(1, time - least + shortest))
        rule = (
            "without padding the input must have one of the lengths of valid_length, such as "
            f"{size} samples for {output}"
        )
        _checks.require(size == time, rule, time=time)


@register
class ClipAtInference(keras.layers.Layer):
    """Clips stems to [-1, 1], but not in training, where it would hide large errors."""

    def call(self, inputs, training=False):
        return inputs if training else ops.clip(inputs, -1.0, 1.0)
