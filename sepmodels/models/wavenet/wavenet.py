"""`WaveNet`: an autoregressive model of waveforms (van den Oord et al. 2016)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from sepmodels import _checks, layers, signal
from sepmodels.layers.gated_residual_block import GatedResidualBlock, stack_blocks, sum_skips
from sepmodels.layers.registration import check, register
from sepmodels.models.base.trainable import Trainable
from sepmodels.models.wavenet import generation
from sepmodels.models.wavenet.network import Network
from sepmodels.signal.tensor import Tensor

_CLASSES = 256
_SCALAR_TAPS = 32  # of the first convolution, if it reads samples instead of classes


@register
class WaveNet(Trainable):
    """Autoregressive model of a waveform: the distribution of the next sample given the past.

    A sample is one of 256 mu-law classes. A causal convolution and a stack of gated blocks with
    growing dilations read the past; the skip outputs of all blocks are summed, and two 1x1
    convolutions turn the sum into logits of the next class. Training computes all samples of an
    excerpt at once, since the past of each is known; `generate` draws one after the other.

    The network delays its input by one sample, so the logits of a sample depend on the samples
    before it. Before the first one there is silence.

    The paper states no sizes; the defaults are those of the best known open implementation.

    Args:
        source: str or None. The stem to learn; `None` is the mixture of vocals and
            accompaniment. Defaults to `None`.
        sample_rate: int. In Hz. Defaults to `16000`.
        filters: int. Width of the blocks. Defaults to `32`.
        skip_filters: int. Width of the skip outputs and of the head. Defaults to `512`.
        kernel_size: int. Of the first and of the dilated convolutions, in samples. Defaults to
            `2`.
        dilations: sequence of int. One per block, in samples. Defaults to 1 ... 512, five times.
        scalar_input: bool. Whether the first convolution reads the samples themselves, 32 at a
            time and not quantized, instead of their classes. Generation feeds back the values of
            the classes that it draws. Defaults to `False`.
        condition: int, sequence of str, or None. Further input: the number of features, or the
            names of the domains (`Track.domain`) of which the sound belongs to one. Defaults to
            `None`.
        hop_length: int or None. Samples from one frame of features to the next; `None`: one frame
            holds throughout, as a domain does. Defaults to `None`.
        upsampling: str. How a frame becomes samples: `"repeat"`, or `"learned"` by a transposed
            convolution. Defaults to `"repeat"`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, 1)`, samples; with a condition, a list of them and of features
        `(batch, 1, features)` or, with a hop, `(batch, time / hop_length, features)`. Domains
        are one-hot.

    Output shape:
        `(batch, time, 256)`, logits.

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> model = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2, 4))
    >>> model.receptive_field
    9
    >>> wave = model.generate(100, seed=1)
    >>> wave.shape, tuple(model(wave[None]).shape)
    ((100, 1), (1, 100, 256))

    Reference:

    - van den Oord et al. (2016). "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    - Babuschkin et al. (2016). "tensorflow-wavenet".
      [github.com/ibab/tensorflow-wavenet](https://github.com/ibab/tensorflow-wavenet)
    """

    representations = ("classes",)

    def __init__(
        self,
        source: str | None = None,
        sample_rate: int = 16000,
        filters: int = 32,
        skip_filters: int = 512,
        kernel_size: int = 2,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) * 5,
        scalar_input: bool = False,
        condition: int | Sequence[str] | None = None,
        hop_length: int | None = None,
        upsampling: str = "repeat",
        **kwargs,
    ):
        _checks.positive(filters=filters, skip_filters=skip_filters, dilations=dilations)
        _checks.at_least(2, kernel_size=kernel_size)
        check(self, dilations, "dilations must hold at least one number")
        _checks.one_of(upsampling=(upsampling, ("repeat", "learned")))
        features = condition or 0
        if isinstance(condition, tuple | str):
            self.domains = _checks.names("condition", condition)
            features = len(condition)
        elif condition is not None:
            _checks.positive(condition=condition)
        if hop_length is not None:
            _checks.positive(hop_length=hop_length)
            check(self, features == condition, "hop_length needs a number of features as condition")
        self._taps = _SCALAR_TAPS if scalar_input else kernel_size

        # === Layers ===
        front = keras.layers.Conv1D(filters, self._taps, use_bias=False, name="front")
        options = {"skip_filters": skip_filters, "causal": True}
        blocks = [*stack_blocks(GatedResidualBlock, dilations, filters, kernel_size, **options)]
        head = keras.layers.Conv1D(skip_filters, 1, name="head")
        logits = keras.layers.Conv1D(_CLASSES, 1, dtype="float32", name="logits")

        def spread(frames):
            """Give every sample the features of its frame."""
            if hop_length is None:
                return frames
            if upsampling == "learned":
                options = {"strides": hop_length, "name": "spread"}
                return keras.layers.Conv1DTranspose(features, hop_length, **options)(frames)
            return keras.layers.UpSampling1D(hop_length, name="spread")(frames)

        # === Functional model ===
        wave = keras.Input((None, 1), name="wave")
        inputs, conditions = wave, []
        if features:
            frames = keras.Input((None if hop_length else 1, features), name="condition")
            inputs, conditions = [wave, frames], [spread(frames)]
        past = wave if scalar_input else layers.MuLawEncode(_CLASSES, name="encode")(wave)
        edges, silence = ((0, 0), (self._taps, 0), (0, 0)), 0 if scalar_input else _CLASSES // 2
        past = ops.pad(past, edges, constant_values=silence)[:, :-1]
        if not scalar_input:
            past = ops.one_hot(past[..., 0], _CLASSES)
        total = sum_skips(blocks, front(past), conditions)
        scores = logits(ops.relu(head(ops.relu(total))))
        sources = ("vocals", "accompaniment") if source is None else (source,)
        super().__init__(inputs, scores, sources=sources, channels=1, **kwargs)

    @property
    def receptive_field(self) -> int:
        """Number of samples, all in the past, on which the logits of a sample depend."""
        return signal.compute_receptive_field(self.kernel_size, self.dilations) + self._taps - 1

    def training_model(self, loss_on: str | None = None) -> keras.Model:
        self._choose_representation(loss_on)
        return keras.Model(self.input, self.output)

    def training_pair(
        self, mixture: Tensor, stems: dict, loss_on: str | None = None, label: Tensor | None = None
    ) -> tuple:
        self._choose_representation(loss_on)
        rule = "songs have domains but no features: fit training_model() on features of your own"
        _checks.require(self.condition is None or self.domains, rule, condition=self.condition)
        wave = sum(stems.values()) if self.source is None else stems[self.source]
        classes = signal.mu_law_encode(wave, _CLASSES)[..., 0]
        if self.domains is None:
            return wave, classes
        return (wave, ops.one_hot(label, len(self.domains))[:, None]), classes

    def generate(
        self,
        n: int,
        seed: int = 0,
        temperature: float = 1.0,
        condition: str | np.ndarray | None = None,
        primer: np.ndarray | None = None,
        streams: int | None = None,
    ) -> np.ndarray:
        """Draw a waveform, sample by sample.

        Args:
            n: int. Number of samples to draw.
            seed: int. Of the random numbers; the same seed gives the same sound. Defaults to `0`.
            temperature: float. Less than 1 favours probable classes, 0 takes the most probable.
                Defaults to `1.0`.
            condition: str, or array `(frames, features)` or `(streams, frames, features)`, with
                a frame for every `hop_length` samples of the primer and of the result.
                Defaults to `None`, for a network without a condition.
            primer: array `(time, 1)` or None. Samples to continue. Defaults to `None`: silence.
            streams: int or None. Number of waveforms to draw at once, on all cores. Defaults to
                `None`: one.

        Returns:
            float32 `(n, 1)`, or `(streams, n, 1)` if `streams` is given, without the primer.

        Raises:
            ValueError: if the condition or the temperature does not fit the network.

        Example:

        >>> model = sm.models.WaveNet(filters=4, skip_filters=8, dilations=(1, 2))
        >>> model.generate(10, streams=3).shape
        (3, 10, 1)
        """
        if primer is not None:
            primer = _checks.sound("primer", primer, channels=1, mono=True)
            primer = np.array(signal.mu_law_encode(primer.T, _CLASSES))
        length = n + (0 if primer is None else primer.shape[1])
        seeds = [(seed, stream) for stream in range(streams or 1)]
        conditions, hold = self._list_frames(condition, length)
        values = None
        if self.scalar_input:
            values = np.append(signal.mu_law_decode(np.arange(_CLASSES), _CLASSES), 0.0)
        network = Network.from_model(self, values)
        classes = generation.sample(network, n, seeds, temperature, conditions, hold, primer)
        waves = np.array(signal.mu_law_decode(classes, _CLASSES))[..., None]
        return waves[0] if streams is None else waves

    def _list_frames(self, condition, length):
        """Return the condition of `generate` as `conditions` and `hold` of `generation.sample`."""
        if self.condition is None:
            _checks.require(condition is None, "condition must be None here", condition=condition)
            return None, None
        if self.domains:
            known = isinstance(condition, str) and condition in self.domains
            rule = f"condition must be one of {self.domains}"
            _checks.require(known, rule, condition=condition)
            return np.eye(len(self.domains))[None, [self.domains.index(condition)]], None
        shape = -(-length // self.hop_length) if self.hop_length else 1, self.condition
        rule = f"condition must be {shape[0]} frames of {shape[1]} features"
        _checks.require(np.shape(condition)[-2:] == shape, rule, condition=condition)
        frames = np.reshape(condition, (-1, *shape))
        if self.upsampling == "learned" and self.hop_length:
            return np.array(self.get_layer("spread")(frames)), 1
        return frames, self.hop_length
