"""`WaveNet`: an autoregressive model of waveforms (van den Oord et al. 2016)."""

import keras
import numpy as np
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.mu_law import MuLawEncode
from sepmodels.models.base.trainable import Trainable
from sepmodels.models.wavenet import generation
from sepmodels.models.wavenet.network import Network

_CLASSES = 256
_SCALAR_TAPS = 32  # of the first convolution, if it reads samples instead of classes


@keras.saving.register_keras_serializable(package="sepmodels")
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
        source=None,
        sample_rate=16000,
        filters=32,
        skip_filters=512,
        kernel_size=2,
        dilations=tuple(2**i for i in range(10)) * 5,
        scalar_input=False,
        condition=None,
        hop_length=None,
        upsampling="repeat",
        **kwargs,
    ):
        dilations = tuple(dilations)
        _checks.positive(filters=filters, skip_filters=skip_filters, dilations=dilations)
        if isinstance(condition, int):
            _checks.positive(condition=condition)
        elif condition is not None:
            condition = _checks.names("condition", condition)
        if not dilations or kernel_size < 2:
            raise ValueError(
                "a WaveNet needs at least one of the dilations and a kernel_size of at least 2. "
                f"Received: dilations={dilations}, kernel_size={kernel_size}"
            )
        if hop_length is not None and (hop_length < 1 or not isinstance(condition, int)):
            raise ValueError(
                "hop_length must be positive, and condition the number of features. Received: "
                f"hop_length={hop_length}, condition={condition!r}"
            )
        _checks.one_of(upsampling=(upsampling, ("repeat", "learned")))
        taps = _SCALAR_TAPS if scalar_input else kernel_size
        features = condition if isinstance(condition, int) else len(condition or ())

        # === Layers ===
        encode = MuLawEncode(_CLASSES, name="encode")
        front = keras.layers.Conv1D(filters, taps, use_bias=False, name="front")
        blocks = [
            GatedResidualBlock(
                filters,
                kernel_size,
                dilation,
                skip_filters=skip_filters,
                residual=index < len(dilations) - 1,
                causal=True,
                name=f"block_{index}",
            )
            for index, dilation in enumerate(dilations)
        ]
        head = keras.layers.Conv1D(skip_filters, 1, name="head")
        logits = keras.layers.Conv1D(_CLASSES, 1, dtype="float32", name="logits")
        spread = None
        if hop_length and upsampling == "learned":
            spread = keras.layers.Conv1DTranspose(features, hop_length, hop_length, name="spread")
        elif hop_length:
            spread = keras.layers.UpSampling1D(hop_length, name="spread")

        # === Functional model ===
        wave = keras.Input((None, 1), name="wave")
        shape = (None if hop_length else 1, features)
        frames = keras.Input(shape, name="condition") if features else None
        conditions = [] if not features else [spread(frames) if spread else frames]
        before = wave if scalar_input else encode(wave)
        silence = 0 if scalar_input else _CLASSES // 2
        past = ops.pad(before, ((0, 0), (taps, 0), (0, 0)), constant_values=silence)[:, :-1]
        if not scalar_input:
            past = ops.one_hot(past[..., 0], _CLASSES)
        x, skips = front(past), []
        for block in blocks[:-1]:
            x, skip = block([x, *conditions])
            skips.append(skip)
        total = sum(skips, start=blocks[-1]([x, *conditions]))
        scores = logits(ops.relu(head(ops.relu(total))))
        super().__init__(
            [wave, frames] if features else wave,
            scores,
            sources=("vocals", "accompaniment") if source is None else (source,),
            sample_rate=sample_rate,
            channels=1,
            **kwargs,
        )
        self.domains = condition if isinstance(condition, tuple) else None
        self._taps = taps

        # === Config ===
        self.source = source
        self.filters = filters
        self.skip_filters = skip_filters
        self.kernel_size = kernel_size
        self.dilations = dilations
        self.scalar_input = scalar_input
        self.condition = condition
        self.hop_length = hop_length
        self.upsampling = upsampling

    @property
    def receptive_field(self):
        """Number of samples, all in the past, on which the logits of a sample depend."""
        return signal.compute_receptive_field(self.kernel_size, self.dilations) + self._taps - 1

    def training_model(self, loss_on=None):
        self._choose_representation(loss_on)
        return keras.Model(self.input, self.output)

    def training_pair(self, mixture, stems, loss_on=None, label=None):
        self._choose_representation(loss_on)
        if self.condition is not None and self.domains is None:
            raise ValueError(
                "songs have domains but no features: fit training_model() on features of your own. "
                f"Received: condition={self.condition}"
            )
        wave = sum(stems.values()) if self.source is None else stems[self.source]
        classes = signal.mu_law_encode(wave, _CLASSES)[..., 0]
        if self.domains is None:
            return wave, classes
        return (wave, ops.one_hot(label, len(self.domains))[:, None]), classes

    def generate(self, n, seed=0, temperature=1.0, condition=None, primer=None, streams=None):
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
        """The condition of `generate` as `conditions` and `hold` of `generation.sample`."""
        if self.condition is None:
            needed = "None"
            if condition is None:
                return None, None
        elif self.domains:
            needed = f"one of {self.domains}"
            if isinstance(condition, str) and condition in self.domains:
                return np.eye(len(self.domains))[None, [self.domains.index(condition)]], None
        else:
            count = -(-length // self.hop_length) if self.hop_length else 1
            needed = f"{count} frames of {self.condition} features"
            if np.shape(condition)[-2:] == (count, self.condition):
                frames = np.reshape(condition, (-1, count, self.condition))
                if self.upsampling == "learned" and self.hop_length:
                    return np.array(self.get_layer("spread")(frames)), 1
                return frames, self.hop_length
        raise ValueError(
            f"condition must be {needed} for this network. Received: condition={condition!r}"
        )
