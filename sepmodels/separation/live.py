"""Separate while the sound comes in: blocks of any size in, the same blocks of stems out."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.cross_fade import CrossFade
from sepmodels.layers.dilated_gru import DilatedGRU
from sepmodels.layers.resampling import Decimate
from sepmodels.layers.stft import STFT, InverseSTFT
from sepmodels.layers.weight_norm import WeightNormalization

# What treats every frame by itself, and so needs no memory.
_POINTWISE = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.LeakyReLU,
    keras.layers.Reshape,
)


def stream(model, channels=None):
    """Separate a stream of blocks, such as a microphone gives them, as the whole song would be.

    Together the blocks that come out equal one pass of the model over all that went in. A model of
    spectrograms must be causal (`DilatedConvGRU(bidirectional=False, causal=True)`); it carries the
    states of its layers from block to block. A model of waveforms must have a bounded `context`;
    it hears that much of the past again with every block, so short blocks are dear.

    Args:
        model: `models.Separator`. At its sample rate the blocks must come.
        channels: int. Of the blocks; a mono model takes each by itself. Defaults to `None`: those
            of the model.

    Returns:
        An object with `push(block, last=False)`, which takes samples `(time, channels)` and returns
        what can be said so far, a dict from source to `(time_out, channels)`, and with `latency`:
        how many samples at most the output lies behind the input. `last=True` gives the rest.

    Raises:
        ValueError: if the model hears an unbounded future, or `channels` does not fit it.

    Example:

    >>> model = sm.models.DilatedConvGRU(filters=8, bidirectional=False, causal=True)
    >>> stream = sm.stream(model)
    >>> block = np.zeros((4096, 1), dtype="float32")
    >>> stream.latency, len(stream.push(block)["vocals"]), len(stream.push(block)["vocals"])
    (1023, 3328, 4096)
    """
    channels = model.channels if channels is None else channels
    if channels != model.channels and (model.channels != 1 or channels < 1):
        raise ValueError(f"the model hears {model.channels} channels. Received: {channels=}")
    whole = [layer.name for layer in model.layers if isinstance(layer, CrossFade | Decimate)]
    if model.context[1] is None or whole:
        why = f"processes whole windows (layer {whole[0]!r})" if whole else "needs all of the song"
        raise ValueError(
            f"{model.name} {why}, so it cannot run as a stream; use sm.separate, or a model such "
            "as DilatedConvGRU(bidirectional=False, causal=True)"
        )
    kind = _Spectral if any(isinstance(layer, STFT) for layer in model.layers) else _Sliding
    return kind(model, channels)


class _Stream:
    """What both kinds share: checks, samples that wait, channels as rows where they must be."""

    def __init__(self, model, channels, kept, latency):
        self.sources = model.sources
        self.channels = channels
        self.latency = latency
        self._rows = channels if model.channels == 1 else 1
        self._kept = np.zeros((kept, channels), "float32")  # samples that will be heard again
        self._pushed = self._returned = 0
        self._ended = False

    def push(self, block, last=False):
        """Take samples `(time, channels)`, return the stems of what can be said so far."""
        block = _checks.sound("block", block, self.channels, empty=True)
        if self._ended:
            raise ValueError("the stream has ended; begin another one with sm.stream")
        self._ended = last
        self._pushed += len(block)
        self._kept = np.concatenate([self._kept, block.astype("float32", copy=False)])
        stems = self._heard(last)  # (time, sources, channels)
        self._returned += len(stems)
        return {source: stems[:, index] for index, source in enumerate(self.sources)}

    def _compile(self, model):
        signature = [tf.TensorSpec((self._rows, None, model.input.shape[2]), "float32")]
        self._graph = tf.function(lambda x: model(x, training=False), signature, autograph=False)

    def _run(self, samples):
        """The network on `(time, channels)`: `(time_out, sources, channels)`."""
        rows = samples.T[..., None] if self._rows > 1 else samples[None]
        outputs = self._graph(tf.convert_to_tensor(rows))
        stems = np.stack([outputs[source].numpy() for source in self.sources], axis=2)
        return stems[..., 0].transpose(1, 2, 0) if self._rows > 1 else stems[0]


class _Sliding(_Stream):
    """Hears the last of the past again with every block."""

    def __init__(self, model, channels):
        self._left, self._right = model.context
        self._pads = model.valid_length(1)[0] == 1  # a model without padding hears silence instead
        super().__init__(model, channels, 0 if self._pads else self._left, self._right)
        self._compile(model)

    def _heard(self, last):
        if last and not self._pads:
            self._kept = np.pad(self._kept, ((0, self._right), (0, 0)))
        count = self._pushed - self._returned - (0 if last else self._right)
        if count <= 0:
            return np.zeros((0, len(self.sources), self.channels), "float32")
        past = min(self._left, self._returned) if self._pads else self._left
        stems = self._run(self._kept)
        heard = self._returned + count
        keep = (min(self._left, heard) if self._pads else self._left) + self._right
        self._kept = self._kept[len(self._kept) - keep :]
        return stems[past : past + count] if self._pads else stems[:count]


class _Spectral(_Stream):
    """Carries what its layers remember: the last frames of convolutions, the states of GRUs."""

    def __init__(self, model, channels):
        transform = next(layer for layer in model.layers if isinstance(layer, STFT))
        self._n_fft, self._hop = transform.n_fft, transform.hop_length
        super().__init__(model, channels, self._n_fft // 2, self._n_fft - 1)
        # Frames overlap, so the sum of those so far, and of their squared windows, is kept too.
        self._window = np.asarray(signal.make_window(transform.window, self._n_fft)) ** 2
        self._sum = np.zeros((0, len(self.sources), channels), "float32")
        self._weight = np.zeros(0, "float32")
        self._early = self._n_fft // 2  # of the first frame, half lies before the song
        remembering = functools.partial(_remembering, rows=self._rows)
        self._compile(keras.models.clone_model(model, clone_function=remembering))

    def _heard(self, last):
        hop, n_fft = self._hop, self._n_fft
        if last:  # the frames of a whole song cover it, and reach into silence
            behind = -self._pushed % hop + n_fft - n_fft // 2
            self._kept = np.pad(self._kept, ((0, behind), (0, 0)))
        frames = (len(self._kept) - n_fft) // hop + 1
        if frames > 0:
            used = self._kept[: (frames - 1) * hop + n_fft]
            self._kept = self._kept[frames * hop :]
            self._add(self._run(used), frames)
        ready = len(self._sum) if last else max(0, frames) * hop
        early = min(self._early, ready)
        self._early -= early
        weight = np.maximum(self._weight[early:ready], np.finfo("float32").tiny)[:, None, None]
        stems = self._sum[early:ready] / weight
        self._sum, self._weight = self._sum[ready:], self._weight[ready:]
        return stems[: self._pushed - self._returned]

    def _add(self, stems, frames):
        missing = 0, len(stems) - len(self._sum)
        self._sum = np.pad(self._sum, (missing, (0, 0), (0, 0))) + stems
        self._weight = np.pad(self._weight, missing)
        for frame in range(frames):
            self._weight[frame * self._hop :][: self._n_fft] += self._window


# === Layers with a memory, for those of a model ===


def _remembering(layer, rows):
    inner = layer.layer if isinstance(layer, WeightNormalization) else layer
    if isinstance(layer, STFT):
        return _Frames(layer)
    if isinstance(layer, InverseSTFT):
        return _Sum(layer)
    if isinstance(layer, DilatedGRU):
        return _States(layer, rows)
    if isinstance(inner, keras.layers.Conv1D) and inner.padding == "causal":
        reach = (inner.kernel_size[0] - 1) * inner.dilation_rate[0]
        return _Past(layer, rows, reach)
    if isinstance(layer, keras.layers.Layer) and not isinstance(layer, _POINTWISE):
        raise ValueError(f"{layer.name}, a {type(layer).__name__}, cannot run as a stream")
    return layer


class _Wrapper(keras.layers.Layer):
    def __init__(self, layer, rows=1, size=0):
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer
        self.rows = rows
        self.size = size

    def remember(self, width):
        how = {"initializer": "zeros", "trainable": False, "dtype": self.compute_dtype}
        self.memory = self.add_weight(shape=(self.rows, self.size, width), **how)


class _Frames(_Wrapper):
    """An `STFT` of whole frames: nothing is padded."""

    def call(self, samples):
        transform = self.layer
        samples = ops.transpose(samples, (0, 2, 1))
        framed = ops.extract_sequences(samples, transform.n_fft, transform.hop_length)
        window = signal.make_window(transform.window, transform.n_fft)
        parts = ops.rfft(framed * window)
        return tuple(ops.cast(ops.transpose(x, (0, 2, 3, 1)), self.compute_dtype) for x in parts)


class _Sum(_Wrapper):
    """An `InverseSTFT` without the division by the windows, which need their neighbours first."""

    def call(self, inputs):
        transform = self.layer
        spectrum = tuple(ops.transpose(ops.cast(x, "float32"), (0, 3, 1, 2)) for x in inputs[:2])
        window = signal.make_window(transform.window, transform.n_fft)
        framed = ops.irfft(spectrum, fft_length=transform.n_fft) * window
        summed = signal.overlap_add(framed, transform.hop_length)
        return ops.cast(ops.transpose(summed, (0, 2, 1)), self.compute_dtype)


class _Past(_Wrapper):
    """A causal convolution that hears the last frames of the block before."""

    def build(self, input_shape):
        self.remember(input_shape[-1])

    def call(self, frames):
        heard = ops.concatenate([self.memory, frames], axis=1)
        self.memory.assign(heard[:, ops.shape(heard)[1] - self.size :])
        return self.layer(heard)[:, self.size :]


class _States(_Wrapper):
    """A dilated GRU that begins with the states of the block before."""

    def __init__(self, layer, rows):
        super().__init__(layer, rows, layer.dilation)

    def build(self, input_shape):
        self.remember(self.layer.units)

    def call(self, frames, mask=None):  # it never has one, but Keras passes it
        # The loop of a GRU wants states of as many rows as it knows its input to have: unknown.
        rows = ops.arange(self.rows + 0 * ops.shape(frames)[1])
        states = ops.unstack(ops.take(self.memory, rows, axis=0), self.size, axis=1)[::-1]
        _, outputs, states = self.layer.inner_loop(frames, states, None)
        self.memory.assign(ops.stack(states[::-1], axis=1))  # newest last
        return outputs
