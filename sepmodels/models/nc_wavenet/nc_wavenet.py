"""`NCWaveNet`: a non-causal WaveNet that separates (ShichengChen 2018)."""

from collections.abc import Sequence

import keras

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import PADDINGS, crop_time, stack_blocks, sum_skips
from sepmodels.layers.registration import check, register
from sepmodels.models.base.torch_layers import convolve, make_residual_block
from sepmodels.models.nc_wavenet.companded_separator import CompandedSeparator, encode

_FRONT = 25  # kernel size of the first convolution, in samples
_KERNEL = 3  # of the dilated convolutions


@register
class NCWaveNet(CompandedSeparator):
    """Waveform separator of dilated convolutions, a WaveNet that is not causal.

    A WaveNet predicts the next sample; this network reads the mixture on both sides of a sample
    and estimates the source there, so all samples are estimated at once. The mixture is companded
    by the mu-law, not quantized, and standardized; for every sample the network gives logits
    of the 256 mu-law classes of the source. Separation takes the most probable class.

    The defaults are structure A: 27 layers without skip outputs (the encoder), 36 with them (the
    decoder), and ReLU instead of gates. Its siblings by the same author are `stacks=(0, 5)` with
    `activation="gated"` (`wavenet`), with `activation="leaky_relu"` (`wavenet2`, the best in the
    author's notes) and, in addition to the latter, `head="regression"` (`regwavenet`).
    `target=None` gives each source a head (`wavenet3`). `BottleneckNCWaveNet` holds two further
    experiments of the author.

    What the author's code creates and never uses is left out: the skip convolutions of the
    first 27 layers and the residual convolution of the last one.

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
        activation: str. `"relu"`, `"leaky_relu"` with slope 0.01, both before and after the
            dilated convolution, or `"gated"`: tanh times sigmoid after it. Defaults to
            `"relu"`.
        filters: int. Width of the blocks. Defaults to `128`.
        skip_filters: int. Width of the skip outputs and of the head. Defaults to `512`.
        dilations: sequence of int. Of the layers of one stack, in samples; every kernel has 3
            taps. Defaults to 1 ... 256.
        stacks: pair of int. Number of stacks of the encoder and of the decoder. Defaults to
            `(3, 4)`.
        padding: str. `"same"` pads every convolution with zeros and keeps the length.
            `"valid"` pads none and returns the centre. The weights of one fit the other. Defaults
            to `"same"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up; in valid mode more than the context.

    Output shape:
        dict from source to `(batch, time, channels)`, in valid mode the time less the context.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.NCWaveNet(filters=4, skip_filters=8, dilations=(1, 2), stacks=(1, 1))
    >>> stems = model(np.zeros((1, 400, 1), dtype="float32"))
    >>> {source: tuple(stem.shape) for source, stem in stems.items()}
    {'vocals': (1, 400, 1), 'accompaniment': (1, 400, 1)}
    >>> model.context
    (18, 18)

    Reference:

    - ShichengChen (2018), structure A. "Audio-Source-Separation".
      [github.com/ShichengChen/Audio-Source-Separation](https://github.com/ShichengChen/Audio-Source-Separation)
    - van den Oord et al. (2016). "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """

    _fixed_arguments = (("kernel_size", _KERNEL), ("front_kernel_size", _FRONT))

    def __init__(
        self,
        sources: Sequence[str] = ("vocals", "accompaniment"),
        sample_rate: int = 16000,
        channels: int = 1,
        target: str | None = "accompaniment",
        head: str = "classes",
        activation: str = "relu",
        filters: int = 128,
        skip_filters: int = 512,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
        stacks: Sequence[int] = (3, 4),
        padding: str = "same",
        **kwargs,
    ):
        _checks.names("sources", sources)
        _checks.one_of(padding=(padding, PADDINGS))
        _checks.positive(filters=filters, skip_filters=skip_filters, dilations=dilations)
        rule = "stacks must be two numbers, the second at least 1, of at least one of the dilations"
        check(self, len(stacks) == 2 and stacks[0] >= 0 and stacks[1] >= 1 and dilations, rule)

        # === Layers ===
        def make_blocks(dilations, name, **outputs):
            options = {"activation": activation, "preactivation": activation != "gated"}
            options |= {"name": name, "padding": padding, **outputs}
            return stack_blocks(make_residual_block, dilations, filters, _KERNEL, **options)

        def centre(x, side):
            return crop_time(x, side, side) if padding == "valid" else x

        # What encoder and decoder read on either side, and lose without padding.
        encoder, decoder = (signal.compute_context(_KERNEL, self.dilations * n)[0] for n in stacks)
        self._sides = _FRONT // 2, encoder, decoder

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        start = convolve(encode(mixture), filters, _FRONT, "front", padding=padding)
        encoded = start
        for block in make_blocks(self.dilations * stacks[0], "encoder"):
            encoded = block(encoded)
        x, *conditions = self._connect(centre(start, encoder), encoded)
        blocks = make_blocks(self.dilations * stacks[1], "decoder", skip_filters=skip_filters)
        features, middle = sum_skips(blocks, x, conditions), centre(mixture, sum(self._sides))
        super().__init__(mixture, features, middle, skip_filters, **kwargs)
        self._encoded = encoded

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> CompandedSeparator:
        # Files of earlier versions: these arguments now belong to a subclass.
        if cls is NCWaveNet and "pooling" in config:
            config = dict(config)
            added = {name: config.pop(name) for name in ("pooling", "domains")}
            if any(value is not None for value in added.values()):
                bottleneck = keras.saving.get_registered_object("sepmodels>BottleneckNCWaveNet")
                return bottleneck.from_config(config | added)
        return super().from_config(config)

    def _connect(self, start, encoded):
        """Return the input of the decoder and the conditions of its layers.

        Args:
            start: tensor. What the encoder reads, cropped to what it returns.
            encoded: tensor. What the encoder returns.
        """
        return [encoded]

    @property
    def context(self) -> tuple[int, int]:
        side = sum(self._sides)
        return side, side

    def valid_length(self, n: int) -> tuple[int, int]:
        return (n if self.padding == "same" else n + 2 * sum(self._sides)), n
