"""`NCWaveNet`: a WaveNet that hears both sides and separates (ShichengChen 2018)."""

import keras
from keras import ops

from sepmodels import features, geometry
from sepmodels.layers.gated_residual_block import ACTIVATIONS, GatedResidualBlock, crop_time
from sepmodels.layers.mu_law import MuLawDecode, MuLawEncode
from sepmodels.models.separator import Separator

_CLASSES = 256
_STANDARD = {"mean": -0.0039727693, "deviation": 0.5484016520}  # of the authors' songs
# Of plain convolutions in the authors' framework. A common initializer with its larger numbers
# lets the sum of 63 residual branches grow by orders of magnitude.
_KERNEL = {"scale": 1 / 3, "mode": "fan_in", "distribution": "uniform"}
_HEADS = ("classes", "regression")


@keras.saving.register_keras_serializable(package="sepmodels")
class NCWaveNet(Separator):
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

    What the authors' code creates and never uses is left out: the skip convolutions of the
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
        **kwargs,
    ):
        sources, dilations, stacks = tuple(sources), tuple(dilations), tuple(stacks)
        if target is not None and (target not in sources or len(sources) != 2):
            raise ValueError(
                "target must be one of two sources, or None for a head per source. Received: "
                f"target={target!r}, sources={sources}"
            )
        for name, value, known in (
            ("head", head, _HEADS),
            ("activation", activation, ACTIVATIONS),
            ("padding", padding, ("same", "valid")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {known}. Received: {name}={value!r}")
        for name, value in (("kernel_size", kernel_size), ("front_kernel_size", front_kernel_size)):
            if value % 2 == 0:
                raise ValueError(f"{name} must be odd. Received: {name}={value}")
        if len(stacks) != 2 or stacks[0] < 0 or stacks[1] < 1 or not dilations:
            raise ValueError(
                "stacks must be two numbers, the second at least 1, of at least one of the "
                f"dilations. Received: stacks={stacks}, dilations={dilations}"
            )

        fronts = geometry.context(front_kernel_size, [1])
        stacked = geometry.context(kernel_size, dilations * sum(stacks))
        context = fronts[0] + stacked[0], fronts[1] + stacked[1]

        # === Layers ===
        heads = sources if target is None else (target,)
        encode = MuLawEncode(_CLASSES, quantize=False, dtype="float32", name="compand")
        decode = MuLawDecode(_CLASSES, head == "classes", dtype="float32", name="expand")
        # Never trained: it starts with the authors' constants, and `adapt` fits it to others.
        standardize = keras.layers.BatchNormalization(
            center=False,
            scale=False,
            epsilon=1e-8,
            moving_mean_initializer=keras.initializers.Constant(_STANDARD["mean"]),
            moving_variance_initializer=keras.initializers.Constant(_STANDARD["deviation"] ** 2),
            trainable=False,
            dtype="float32",
            name="standardize",
        )

        def convolution(filters, kernel_size, name):
            initializer = keras.initializers.VarianceScaling(**_KERNEL)
            return keras.layers.Conv1D(
                filters, kernel_size, padding=padding, kernel_initializer=initializer, name=name
            )

        def block(dilation, name, **outputs):
            return GatedResidualBlock(
                filters,
                kernel_size,
                dilation,
                activation=activation,
                preactivation=activation != "gated",
                padding=padding,
                kernel_initializer=keras.initializers.VarianceScaling(**_KERNEL),
                name=name,
                **outputs,
            )

        def centre(x, left, right):
            return crop_time(x, left, right) if padding == "valid" else x

        # === Functional model ===
        mixture = keras.Input((None, channels), name="mixture")
        x = convolution(filters, front_kernel_size, "front")(standardize(encode(mixture)))
        for index, dilation in enumerate(dilations * stacks[0]):
            x = block(dilation, f"encoder_{index}")(x)
        skips, ahead = [], list(dilations * stacks[1])
        while ahead:
            name, dilation = f"decoder_{len(skips)}", ahead.pop(0)
            layer = block(dilation, name, skip_filters=skip_filters, residual=bool(ahead))
            x, skip = layer(x) if ahead else (None, layer(x))
            # The layers ahead shorten their signals further, and all skips must fit the last.
            skips.append(centre(skip, *geometry.context(kernel_size, ahead)))
        x = sum(skips[1:], start=skips[0])
        if head == "classes":
            x = ops.relu(convolution(skip_filters, 1, "head")(ops.relu(x)))
            x = convolution(_CLASSES * channels * len(heads), 1, "logits")(x)
            x = keras.layers.Reshape((-1, channels, len(heads), _CLASSES), dtype="float32")(x)
            waves = decode(ops.argmax(x, axis=-1))
        else:
            x = ops.tanh(convolution(skip_filters, 1, "head")(ops.leaky_relu(x, 0.01)))
            x = convolution(channels * len(heads), 1, "companded")(x)
            x = keras.layers.Reshape((-1, channels, len(heads)), dtype="float32")(x)
            waves = decode(x)
        estimates = {source: waves[..., index] for index, source in enumerate(heads)}
        if target is not None:
            rest = centre(mixture, *context) - estimates[target]
        stems = {source: estimates[source] if source in heads else rest for source in sources}
        super().__init__(
            mixture, stems, sources=sources, sample_rate=sample_rate, channels=channels, **kwargs
        )
        self._context = context
        self._heads = heads
        self._estimate = x

        # === Config ===
        self.target = target
        self.head = head
        self.activation = activation
        self.filters = filters
        self.skip_filters = skip_filters
        self.kernel_size = kernel_size
        self.front_kernel_size = front_kernel_size
        self.dilations = dilations
        self.stacks = stacks
        self.padding = padding

    @property
    def context(self):
        return self._context

    def valid_length(self, n):
        return (n + sum(self._context) if self.padding == "valid" else n), n

    @property
    def _domains(self):
        # The likeliest class has no gradient, so waveforms are for regression alone.
        return ("classes",) if self.head == "classes" else ("companded", "waveform")

    def estimator(self, domain="classes"):
        self._check_domain(domain, self._domains)
        if domain == "waveform":
            return super().estimator()
        return keras.Model(self.input, self._estimate)

    def targets(self, stems, domain="classes"):
        self._check_domain(domain, self._domains)
        if domain == "waveform":
            return super().targets(stems)
        waves = ops.stack([stems[source] for source in self._heads], axis=-1)
        if domain == "companded":
            return features.mu_law_compress(waves, _CLASSES)
        return features.mu_law_encode(waves, _CLASSES)

    def adapt(self, mixture):
        companded = features.mu_law_compress(mixture, _CLASSES)
        mean, variance = ops.moments(companded, axes=(0, 1))
        standardize = self.get_layer("standardize")
        standardize.moving_mean.assign(mean)
        standardize.moving_variance.assign(variance)
