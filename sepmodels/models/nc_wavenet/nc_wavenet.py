"""`NCWaveNet`: a WaveNet that hears both sides and separates (ShichengChen 2018)."""

import keras

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import GatedResidualBlock, crop_time
from sepmodels.layers.initializer import torch_uniform
from sepmodels.models.nc_wavenet import companded_separator as parts


@keras.saving.register_keras_serializable(package="sepmodels")
class NCWaveNet(parts.CompandedSeparator):
    """Waveform separator of dilated convolutions, a WaveNet that is not causal.

    A WaveNet predicts the next sample; this one hears a mixture on both sides of a sample and
    says what the source is there, so all samples are estimated at once. The mixture is companded
    by the mu-law, not quantised, and standardised; for every sample the network gives logits
    of the 256 mu-law classes of the source. Separating takes the likeliest class.

    The defaults are structure A: 27 layers without skip outputs, 36 with them, ReLU instead of
    gates. Its siblings by the same author are `stacks=(0, 5)` with `activation="gated"`
    (`wavenet`), with `activation="leaky_relu"` (`wavenet2`, the best in the author's notes)
    and, on top of the latter, `head="regression"` (`regwavenet`). `target=None` gives each
    source a head (`wavenet3`).

    Two of the author's experiments change what lies between the encoder, the stacks without
    skip outputs, and the decoder, those with them; both made the results worse. `pooling=800`
    restores the bottleneck of the music translation network: the decoder hears the mixture, and
    of the encoder only the mean of every 800 samples, held, as a condition of each layer.
    `domains` adds that network's domain confusion, by a gradient reversal: a classifier learns
    from which domain a song is, and the encoder learns to hide it. The classifier is part of the
    `estimator`, not of the separator; the log of the training shows its `domain_accuracy`.

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
        kernel_size: int. Of the dilated convolutions, in samples, odd. Defaults to `3`.
        front_kernel_size: int. Of the first convolution, in samples, odd. Defaults to `25`.
        dilations: sequence of int. Of the layers of one stack, in samples. Defaults to 1 ... 256.
        stacks: pair of int. How many stacks without skip outputs, and how many with them
            after those. Defaults to `(3, 4)`.
        padding: str. `"same"` pads every convolution with zeros and keeps the length.
            `"valid"` pads none and returns the centre. The weights of one fit the other. Defaults
            to `"same"`.
        pooling: int or None. Samples per step of the bottleneck; `None`: there is none, and the
            decoder goes on where the encoder ends. Defaults to `None`.
        domains: sequence of str or None. The domains (`Track.domain`) that the encoder is to
            hide, at least two. Defaults to `None`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 sample up; in valid mode more than the context,
        and with `pooling` one of the lengths of `valid_length`.

    Output shape:
        dict from source to `(batch, time, channels)`, in valid mode the time less what the
        convolutions take off: the context, but for a piece of the pooling.

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
        kernel_size=3,
        front_kernel_size=25,
        dilations=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        stacks=(3, 4),
        padding="same",
        pooling=None,
        domains=None,
        **kwargs,
    ):
        sources = _checks.names("sources", sources)
        dilations, stacks = tuple(dilations), tuple(stacks)
        domains = None if domains is None else _checks.names("domains", domains, least=2)
        heads = parts.heads_for(sources, target)
        _checks.one_of(head=(head, parts.HEADS))
        _checks.odd(kernel_size=kernel_size, front_kernel_size=front_kernel_size)
        _checks.positive(filters=filters, skip_filters=skip_filters, dilations=dilations)
        if len(stacks) != 2 or stacks[0] < 0 or stacks[1] < 1 or not dilations:
            raise ValueError(
                "stacks must be two numbers, the second at least 1, of at least one of the "
                f"dilations. Received: stacks={stacks}, dilations={dilations}"
            )
        for name, value in (("pooling", pooling), ("domains", domains)):
            if value is not None and stacks[0] == 0:
                raise ValueError(
                    f"{name} needs an encoder: at least 1 of the stacks without skip outputs. "
                    f"Received: {name}={value!r}, stacks={stacks}"
                )
        if pooling is not None:
            _checks.positive(pooling=pooling)

        # === Layers ===
        def reach(size, dilations):  # of odd kernels: as far to the left as to the right
            return signal.compute_context(size, dilations)[0]

        def centre(x, side):
            return crop_time(x, side, side) if padding == "valid" else x

        def block(dilation, name, **outputs):
            return GatedResidualBlock(
                filters,
                kernel_size,
                dilation,
                activation=activation,
                preactivation=activation != "gated",
                padding=padding,
                kernel_initializer=torch_uniform(),
                name=name,
                **outputs,
            )

        front = reach(front_kernel_size, [1])
        encoder = reach(kernel_size, dilations * stacks[0])
        decoder = reach(kernel_size, dilations * stacks[1])

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        heard = parts.hear(mixture)
        x = start = parts.convolve(heard, filters, front_kernel_size, "front", padding=padding)
        for index, dilation in enumerate(dilations * stacks[0]):
            x = block(dilation, f"encoder_{index}")(x)
        encoded = x
        if pooling is not None:
            encoded = parts.convolve(encoded, filters, 1, "bottleneck")
            encoded = parts.PoolAndHold(pooling, padding, name="pool_and_hold")(encoded)
            x = centre(start, encoder)
        skips, ahead = [], list(dilations * stacks[1])
        while ahead:
            # The layers ahead shorten their signals further, and all skips must fit the last.
            condition = centre(encoded, decoder - reach(kernel_size, ahead))
            name, dilation = f"decoder_{len(skips)}", ahead.pop(0)
            layer = block(dilation, name, skip_filters=skip_filters, residual=bool(ahead))
            outputs = layer(x if pooling is None else [x, condition])
            x, skip = outputs if ahead else (None, outputs)
            skips.append(centre(skip, reach(kernel_size, ahead)))
        x = sum(skips[1:], start=skips[0])
        estimate = parts.answer(x, head, skip_filters, channels, heads)
        super().__init__(
            mixture,
            estimate,
            centre(mixture, front + encoder + decoder),
            target=target,
            head=head,
            sources=sources,
            sample_rate=sample_rate,
            **kwargs,
        )
        self._encoded = encoded
        self._sides = front, encoder, decoder

        # === Config ===
        self.activation = activation
        self.filters = filters
        self.skip_filters = skip_filters
        self.kernel_size = kernel_size
        self.front_kernel_size = front_kernel_size
        self.dilations = dilations
        self.stacks = stacks
        self.padding = padding
        self.pooling = pooling
        self.domains = domains

    @property
    def context(self):
        front, encoder, decoder = self._sides
        side = front + encoder + decoder
        if self.pooling is not None:
            # The mean of a piece is heard from either end of it, and after the first layer.
            first = signal.compute_context(self.kernel_size, self.dilations[:1])[0]
            side = front + max(decoder, encoder + self.pooling - 1 + decoder - first)
        return side, side

    def valid_length(self, n):
        if self.padding == "same":
            return n, n
        decoder = self._sides[-1]
        n += -(n + 2 * decoder) % (self.pooling or 1)  # the decoder is to hear whole pieces
        return n + 2 * sum(self._sides), n

    def estimator(self, domain="classes"):
        estimator = super().estimator(domain)
        if self.domains is None:
            return estimator
        label = keras.Input((), dtype="int32", name="domain_label")
        logits = parts.classify(self._encoded, self.domains)
        outputs = parts.DomainLoss(dtype="float32", name="domain_loss")(
            [estimator.output, logits, label]
        )
        return keras.Model([self.input, label], outputs)

    def example(self, mixture, stems, domain, label=None):
        inputs, targets = super().example(mixture, stems, domain)
        if self.domains is None:
            return inputs, targets
        if label is None:
            raise ValueError(
                f"label must tell the domain of every song, its place in {self.domains}. "
                "Received: label=None"
            )
        return (inputs, label), targets
