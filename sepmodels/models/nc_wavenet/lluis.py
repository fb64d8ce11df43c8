"""`LluisWaveNet`: a non-causal WaveNet on plain waveforms (Lluís et al. 2019)."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import PADDINGS, crop_time
from sepmodels.layers.registration import check, register
from sepmodels.models.base.separator import Separator, complete_stems

_FRONT = 3  # kernel size of the first convolution and of two in the head, in samples


@register
class LluisWaveNet(Separator):
    """Waveform separator of gated dilated convolutions, on uncompanded samples.

    As in `NCWaveNet` every layer reads both sides of a sample. Here nothing is companded or
    quantized: the head ends in a linear convolution that gives samples, the only one with a
    bias. The last source is the mixture minus the others. The authors' loss is `"l1"`; for the
    network that estimates a voice alone, `"discriminative_l1"`.

    In valid mode nothing is padded. The authors' code pads the two 3-tap convolutions of the head
    with zeros, which distorts the first and the last sample of each target field; all other
    samples are equal.

    Args:
        sources: sequence of str. Names of the stems; the last one is the rest. Defaults to
            `("vocals", "accompaniment")`.
        sample_rate: int. In Hz. Defaults to `16000`.
        channels: int. Audio channels. Defaults to `1`.
        filters: int. Width of the layers and of their skip outputs. Defaults to `64`.
        kernel_size: int. Of the dilated convolutions, in samples, odd. Defaults to `3`.
        dilations: sequence of int. Of the layers of one stack, in samples. Defaults to 1 ... 512.
        stacks: int. How many stacks. Defaults to `4`.
        head_filters: pair of int. Widths of the head. Defaults to `(2048, 256)`.
        padding: str. `"same"` pads every convolution with zeros and keeps the length.
            `"valid"` pads none and returns the centre: the mixture less its `context`. The
            weights of one fit the other. Defaults to `"same"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up; in valid mode more than the context.

    Output shape:
        dict from source to `(batch, time, channels)`, in valid mode the time less the context.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.LluisWaveNet(filters=4, dilations=(1, 2), stacks=1, head_filters=(8, 8))
    >>> stems = model(np.zeros((1, 400, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 400, 1), 'accompaniment': (1, 400, 1)}
    >>> model.context
    (6, 6)

    Reference:

    - Lluís, Pons and Serra (2019). "End-to-End Music Source Separation: Is It Possible in the
      Waveform Domain?". [arXiv:1810.12187](https://arxiv.org/abs/1810.12187)
    """

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        channels: int = 1,
        filters: int = 64,
        kernel_size: int = 3,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        stacks: int = 4,
        head_filters: Sequence[int] = (2048, 256),
        padding: str = "same",
        **kwargs,
    ):
        _checks.names("sources", sources, least=2)
        _checks.one_of(padding=(padding, PADDINGS))
        _checks.odd(kernel_size=kernel_size)
        _checks.positive(filters=filters, stacks=stacks)
        _checks.positive(dilations=dilations, head_filters=head_filters)
        check(self, dilations, "dilations must hold at least one number")
        check(self, len(head_filters) == 2, "head_filters must be two numbers")

        # === Layers ===
        def convolve(x, filters, kernel_size, name, dilation=1):
            options = {"dilation_rate": dilation, "padding": padding, "use_bias": False}
            return keras.layers.Conv1D(filters, kernel_size, **options, name=name)(x)

        def centre(x, sides):
            return crop_time(x, *sides) if padding == "valid" else x

        def block(x, index, dilation):
            # One 1x1 convolution for both outputs; not a `GatedResidualBlock`, which has two, each
            # with a bias.
            inner = convolve(x, 2 * filters, kernel_size, f"dilated_{index}", dilation)
            value, gate = ops.split(inner, 2, axis=-1)
            outputs = convolve(ops.tanh(value) * ops.sigmoid(gate), 2 * filters, 1, f"out_{index}")
            return ops.split(outputs, 2, axis=-1)

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        x, total = convolve(mixture, filters, _FRONT, "front"), None
        for index, dilation in enumerate(self.dilations * stacks):
            sides = signal.compute_context(kernel_size, [dilation])
            residual, skip = block(x, index, dilation)
            x = centre(x, sides) + residual
            total = skip if total is None else centre(total, sides) + skip
        x = ops.relu(convolve(ops.relu(total), head_filters[0], _FRONT, "head_0"))
        x = convolve(x, head_filters[1], _FRONT, "head_1")
        estimated = sources[:-1]
        # In single precision, as the mixture from which the estimates are subtracted.
        waves = keras.layers.Conv1D(channels * len(estimated), 1, dtype="float32", name="waves")(x)
        waves = keras.layers.Reshape((-1, channels, len(estimated)), dtype="float32")(waves)
        waves = ops.unstack(waves, axis=-1)
        stems = complete_stems(centre(mixture, self.context), waves, estimated, sources)
        super().__init__(mixture, stems, **kwargs)

    @property
    def context(self) -> tuple[int, int]:
        left, right = signal.compute_context(self.kernel_size, self.dilations * self.stacks)
        return left + 3 * (_FRONT // 2), right + 3 * (_FRONT // 2)

    def valid_length(self, n: int) -> tuple[int, int]:
        return (n + sum(self.context) if self.padding == "valid" else n), n
