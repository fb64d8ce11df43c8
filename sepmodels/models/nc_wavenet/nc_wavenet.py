"""`NCWaveNet`: a non-causal WaveNet that separates (ShichengChen 2018)."""

import keras

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import PADDINGS, crop_time
from sepmodels.models.base.torch_layers import make_conv1d, make_residual_block
from sepmodels.models.nc_wavenet.companded_separator import CompandedSeparator, encode

_FRONT = 25  # kernel size of the first convolution, in samples
_KERNEL = 3  # of the dilated convolutions


@keras.saving.register_keras_serializable(package="sepmodels")
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
        sources=("vocals", "accompaniment"),
        sample_rate=16000,
        channels=1,
        target="accompaniment",
        head="classes",
        activation="relu",
        filters=128,
        skip_filters=512,
        dilations=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        stacks=(3, 4),
        padding="same",
        **kwargs,
    ):
        sources = _checks.names("sources", sources)
        dilations, stacks = tuple(dilations), tuple(stacks)
        _checks.one_of(padding=(padding, PADDINGS))
        _checks.positive(filters=filters, skip_filters=skip_filters, dilations=dilations)
        if len(stacks) != 2 or stacks[0] < 0 or stacks[1] < 1 or not dilations:
            raise ValueError(
                "stacks must be two numbers, the second at least 1, of at least one of the "
                f"dilations. Received: stacks={stacks}, dilations={dilations}"
            )

        # === Layers ===
        def side(dilations):  # what a stack reads on either side, and loses without padding
            return signal.compute_context(_KERNEL, dilations)[0]

        def centre(x, side):
            return crop_time(x, side, side) if padding == "valid" else x

        def block(dilation, name, **outputs):
            return make_residual_block(
                filters,
                _KERNEL,
                name,
                dilation=dilation,
                activation=activation,
                preactivation=activation != "gated",
                padding=padding,
                **outputs,
            )

        sides = _FRONT // 2, side(dilations * stacks[0]), side(dilations * stacks[1])

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        encoded = start = make_conv1d(filters, _FRONT, "front", padding=padding)(encode(mixture))
        for index, dilation in enumerate(dilations * stacks[0]):
            encoded = block(dilation, f"encoder_{index}")(encoded)
        x, condition = self._connect(centre(start, sides[1]), encoded, padding)
        skips, remaining = [], list(dilations * stacks[1])
        while remaining:
            # The remaining layers shorten their signals further, and all skips must fit the last.
            inputs = x
            if condition is not None:
                inputs = [x, centre(condition, sides[2] - side(remaining))]
            name, dilation = f"decoder_{len(skips)}", remaining.pop(0)
            layer = block(dilation, name, skip_filters=skip_filters, residual=bool(remaining))
            x, skip = layer(inputs) if remaining else (None, layer(inputs))
            skips.append(centre(skip, side(remaining)))
        super().__init__(
            mixture,
            sum(skips[1:], start=skips[0]),
            centre(mixture, sum(sides)),
            head=head,
            head_filters=skip_filters,
            target=target,
            sources=sources,
            sample_rate=sample_rate,
            **kwargs,
        )
        self._encoded = encoded
        self._sides = sides

        # === Config ===
        self.activation = activation
        self.filters = filters
        self.skip_filters = skip_filters
        self.dilations = dilations
        self.stacks = stacks
        self.padding = padding

    @classmethod
    def from_config(cls, config, custom_objects=None):
        # Files of before: these arguments now belong to a subclass.
        if cls is NCWaveNet and "pooling" in config:
            config = dict(config)
            added = {name: config.pop(name) for name in ("pooling", "domains")}
            if any(value is not None for value in added.values()):
                bottleneck = keras.saving.get_registered_object("sepmodels>BottleneckNCWaveNet")
                return bottleneck.from_config(config | added)
        return super().from_config(config)

    def _connect(self, start, encoded, padding):
        """Input of the decoder and the condition of its layers, if there is one.

        Args:
            start: tensor. What the encoder reads, cropped to what it returns.
            encoded: tensor. What the encoder returns.
            padding: str. That of the convolutions.
        """
        return encoded, None

    @property
    def context(self):
        side = sum(self._sides)
        return side, side

    def valid_length(self, n):
        return (n if self.padding == "same" else n + 2 * sum(self._sides)), n
