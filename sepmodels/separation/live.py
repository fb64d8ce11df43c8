"""Separation of a live stream: blocks of samples in, blocks of stems out."""

import functools

import keras
import numpy as np
import tensorflow as tf

from sepmodels import _checks, signal
from sepmodels.layers.cross_fade import CrossFade
from sepmodels.layers.resampling import Decimate
from sepmodels.layers.stft import STFT
from sepmodels.layers.streaming import make_streaming
from sepmodels.models.base import Separator


def stream(model: Separator, channels: int | None = None) -> "_Stream":
    """Separate a stream of blocks, such as those of a microphone.

    Together, the output blocks equal one pass of the model over all input. A spectrogram model
    must be causal (`DilatedConvGRU(bidirectional=False, causal=True)`); it carries the states of
    its layers from block to block. A waveform model must have a bounded `context`; it processes
    the context again with every block, so short blocks are expensive.

    Args:
        model: `models.Separator`. The blocks must have its sample rate.
        channels: int. Channels of the blocks; a mono model separates each channel by itself.
            Defaults to `None`: the channels of the model.

    Returns:
        An object with the attribute `latency`, the largest delay of the output in samples, and the
        method `push(block, last=False)`. `push` takes float samples `(time, channels)` in [-1, 1]
        and returns the stems that are complete, a dict from source to `(time_out, channels)`.
        `last=True` ends the stream and returns the rest.

    Raises:
        ValueError: if the model needs unbounded future context, or does not fit `channels`; in
            `push`, if the block has another shape or is not finite, or the stream has ended.
        TypeError: in `push`, if the block does not hold floats.

    Example:

    >>> model = sm.models.DilatedConvGRU(filters=8, bidirectional=False, causal=True)
    >>> stream = sm.stream(model)
    >>> block = np.zeros((4096, 1), dtype="float32")
    >>> stream.latency, len(stream.push(block)["vocals"]), len(stream.push(block)["vocals"])
    (1023, 3328, 4096)
    """
    channels = model.channels if channels is None else channels
    _checks.require(
        channels == model.channels or (model.channels == 1 and channels >= 1),
        f"channels must be {model.channels}, as of the model",
        channels=channels,
    )
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
    """Base class: checks, the samples that are still needed, and channels as rows of a batch."""

    def __init__(self, model, channels, kept, latency):
        self.sources = model.sources
        self.channels = channels
        self.latency = latency
        self._rows = channels if model.channels == 1 else 1
        self._kept = np.zeros((kept, channels), "float32")  # input that is still needed
        self._pushed = self._returned = 0
        self._ended = False

    def push(self, block: np.ndarray, last: bool = False) -> dict[str, np.ndarray]:
        """Take samples `(time, channels)` and return the stems that are complete."""
        block = _checks.sound("block", block, self.channels, empty=True)
        if self._ended:
            raise ValueError("the stream has ended; begin another one with sm.stream")
        self._ended = last
        self._pushed += len(block)
        self._kept = np.concatenate([self._kept, block.astype("float32", copy=False)])
        stems = self._separate(last)  # (time, sources, channels)
        self._returned += len(stems)
        return {source: stems[:, index] for index, source in enumerate(self.sources)}

    def _separate(self, last):
        raise NotImplementedError(f"{type(self).__name__} must define _separate")

    def _compile(self, model):
        signature = [tf.TensorSpec((self._rows, None, model.input.shape[2]), "float32")]
        self._graph = tf.function(lambda x: model(x, training=False), signature, autograph=False)

    def _run(self, samples):
        """Apply the network: `(time, channels)` to `(time_out, sources, channels)`."""
        rows = samples.T[..., None] if self._rows > 1 else samples[None]
        outputs = self._graph(tf.convert_to_tensor(rows))
        stems = np.stack([outputs[source].numpy() for source in self.sources], axis=2)
        return stems[..., 0].transpose(1, 2, 0) if self._rows > 1 else stems[0]


class _Sliding(_Stream):
    """The stream of a waveform model, which processes its context again with every block."""

    def __init__(self, model, channels):
        self._left, self._right = model.context
        self._pads = model.valid_length(1)[0] == 1  # without padding, silence surrounds the stream
        self._past = 0 if self._pads else self._left  # samples that are kept for context alone
        super().__init__(model, channels, self._past, self._right)
        self._compile(model)

    def _separate(self, last):
        if last and not self._pads:
            self._kept = np.pad(self._kept, ((0, self._right), (0, 0)))
        count = self._pushed - self._returned - (0 if last else self._right)
        if count <= 0:
            return np.zeros((0, len(self.sources), self.channels), "float32")
        stems, start = self._run(self._kept), self._past if self._pads else 0
        self._past = min(self._left, self._past + count)
        self._kept = self._kept[len(self._kept) - self._past - self._right :]
        return stems[start : start + count]


class _Spectral(_Stream):
    """The stream of a spectrogram model, whose layers remember the end of the previous block."""

    def __init__(self, model, channels):
        transform = next(layer for layer in model.layers if isinstance(layer, STFT))
        self._n_fft, self._hop = transform.n_fft, transform.hop_length
        super().__init__(model, channels, self._n_fft // 2, self._n_fft - 1)
        # Frames overlap, so the end of their sum, and of their squared windows, is kept too.
        self._window = np.asarray(signal.make_window(transform.window, self._n_fft)) ** 2
        self._sum = np.zeros((0, len(self.sources), channels), "float32")
        self._weight = np.zeros(0, "float32")
        self._early = self._n_fft // 2  # half of the first frame precedes the song
        clone = functools.partial(make_streaming, batch_size=self._rows)
        self._compile(keras.models.clone_model(model, clone_function=clone))

    def _separate(self, last):
        hop, n_fft = self._hop, self._n_fft
        if last:  # the last frames extend into silence after the song
            silence = -self._pushed % hop + n_fft - n_fft // 2
            self._kept = np.pad(self._kept, ((0, silence), (0, 0)))
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
