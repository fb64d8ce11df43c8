"""The estimate of a stream: its windows, a few at a time, separated and joined."""

import contextlib
import itertools
import math
import weakref
from collections import deque

import keras
import numpy as np
import tensorflow as tf

from sepmodels import signal
from sepmodels.audio import prefetch, regroup_blocks
from sepmodels.layers.dilated_gru import fix_shape

# The graphs of models that have been applied before, by shape and sources, see `_graph`.
_GRAPHS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
# Most rows of a batch, and most bytes for them. More do not speed up a CPU.
_ROWS = {"CPU": 4, "GPU": 64}
_BYTES = {"CPU": 2**28, "GPU": 2**32}


def predict_stream(model, blocks, channels, windows, shifts=1, **options):
    """Yield the estimate of a stream, which is slightly longer than the stream.

    Args:
        model: `models.Separator`.
        blocks: iterable of arrays `(time, channels)`, at the sample rate of the model.
        channels: int. Channels of the stream.
        windows: `Windows`, at the sample rate of the model.
        shifts: int. How often the stream is separated, each time with another start of the
            windows; the estimates are averaged. Defaults to `1`.
        **options: Passed to `predict_windows`.

    Yields:
        float32 arrays `(time, sources, channels)`.
    """
    # The first copy begins with the stream, the others with up to half a second of silence.
    silence = np.random.default_rng(0).integers(1, model.sample_rate // 2 + 2, shifts)
    silence[0] = 0
    estimates = []
    for start, copy in zip(silence, _copy(blocks, shifts), strict=True):
        stream = itertools.chain([np.zeros((start, channels), "float32")], copy)
        outputs = predict_windows(model, windows.cut(stream, channels), windows.output, **options)
        if shifts == 1:  # the copies are read in turns
            outputs = prefetch(outputs)
        estimates.append(regroup_blocks(_skip(windows.join(outputs), start), windows.step))
    for together in zip(*estimates, strict=False):
        length = min(map(len, together))  # the last ones differ
        yield sum(block[:length] for block in together) / np.float32(shifts)


def predict_windows(model, windows, length, sources, *, batch_size, wiener, linked, device, fixed):
    """Yield the estimate of each window.

    Args:
        model: `models.Separator`.
        windows: iterable of arrays `(time, channels)`.
        length: int. Samples of an estimate, the middle of its window.
        sources: sequence of str. The sources to return.
        batch_size: int. Windows that go through the network at once. `None`: a number estimated
            from the widest layer, and half of it if the memory is too small.
        wiener: int. Iterations of the multichannel Wiener filter.
        linked: bool. Whether a mono model takes the mean of the channels, and all channels are
            filtered with the masks of its estimates.
        device: str. Where the network runs. `None`: where TensorFlow puts it.
        fixed: bool. Whether to trace a graph for batches of this shape alone, in which the loops
            of dilated GRUs are compiled. That takes seconds, so it needs many batches.

    Yields:
        float32 arrays `(length, sources, channels)`.

    Raises:
        MemoryError: the device is too small for a batch.
        ValueError: the model returns another length than its `valid_length`.
    """
    windows = iter(windows)
    filtered = linked or wiener
    computed = model.sources if filtered else sources
    wanted = [computed.index(source) for source in sources]
    frame = {"n_fft": getattr(model, "n_fft", 1024)}
    size, batch = batch_size or 1, list(itertools.islice(windows, 1))
    if batch_size is None and batch:
        size = _estimate_batch_size(model, *batch[0].shape, linked, device)
    while batch:
        batch += itertools.islice(windows, max(0, size - len(batch)))
        mixture = np.stack(batch[:size])
        inputs = mixture.mean(axis=2, keepdims=True) if linked else mixture
        if fixed and len(inputs) < size:
            inputs = np.pad(inputs, ((0, size - len(inputs)), (0, 0), (0, 0)))
        try:
            with tf.device(device) if device else contextlib.nullcontext():
                stems = _estimate(model, inputs, length, computed, fixed)[: len(mixture)]
        except tf.errors.ResourceExhaustedError as error:
            if batch_size is None and len(mixture) > 1:
                size = len(mixture) // 2
                continue
            raise MemoryError(
                f"the device has too little memory for {len(mixture)} windows of "
                f"{mixture.shape[1] / model.sample_rate:.1f} s; lower "
                + ("segment" if len(mixture) == 1 else "batch_size or segment")
            ) from error
        batch = batch[size:] or list(itertools.islice(windows, 1))
        edge = (mixture.shape[1] - length) // 2
        for stem, window in zip(stems, mixture[:, edge : edge + length], strict=True):
            if linked:
                stem = signal.apply_shared_masks(stem, window, **frame)
            if wiener:
                stem = signal.apply_multichannel_wiener(stem, window, wiener, **frame)
            yield stem[:, wanted] if filtered else stem


def _estimate(model, mixture, length, sources, fixed):
    """Apply the model: `(batch, time, channels)` to `(batch, length, sources, channels)`."""
    count, time, channels = mixture.shape
    if model.channels == 1:  # every channel is a row of the batch
        mixture = mixture.swapaxes(1, 2).reshape(-1, time, 1)
    elif channels == 1:
        mixture = np.repeat(mixture, model.channels, axis=2)
    outputs = _graph(model, sources, mixture.shape[:2] if fixed else (None, None))(mixture)
    stems = np.stack([output.numpy() for output in outputs], axis=2).astype("float32")
    if stems.shape[1] != length:
        raise ValueError(
            f"{type(model).__name__}.valid_length is {length} samples for {time}, but "
            f"the model returned {stems.shape[1]}; correct its valid_length"
        )
    if model.channels == 1:
        return stems.reshape(count, channels, length, -1).transpose(0, 2, 3, 1)
    return stems.mean(axis=3, keepdims=True) if channels == 1 else stems


def _graph(model, sources, shape=(None, None)):
    """Return the model as one TensorFlow graph for batches of a shape, which is traced once.

    TensorFlow leaves out what only the other sources need. With the default it is for all batches
    and lengths. `predict_on_batch` would trace it again for the last, smaller batch, which takes
    seconds.
    """
    graphs, key = _GRAPHS.setdefault(model, {}), (shape, *sources)
    if key not in graphs:
        owner = weakref.ref(model)  # a strong reference would keep the model alive
        traced = tf.function(
            lambda mixture: list(map(owner()(mixture, training=False).get, sources)),
            input_signature=[tf.TensorSpec((*shape, model.channels), "float32")],
            autograph=False,  # as in `predict` of Keras; it also warns on new versions of Python
        )
        # The concrete graph: TensorFlow would warn of retracing after five models.
        trace = traced.get_concrete_function
        graphs[key] = trace() if None in shape else fix_shape(trace)
    return graphs[key]


def _estimate_batch_size(model, time, channels, linked, device=None):
    """Return how many windows go through the network at once, from its widest layer."""
    fastest = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    kind = (device or fastest).partition(":")[0]
    tensors = keras.tree.flatten([layer.output for layer in getattr(model, "operations", ())])
    widest = max((math.prod(filter(None, x.shape[2:])) for x in tensors), default=1)
    steps = time // getattr(model, "hop_length", 1)  # a spectrogram has frames
    row = 8 * 4 * widest * steps  # about eight float32 signals of that width exist at a time
    rows = min(_ROWS[kind], _BYTES[kind] // max(1, row))
    return max(1, rows // (channels if model.channels == 1 and not linked else 1))


def _copy(blocks, count):
    """Copy a stream. `itertools.tee` would hold its last 57 blocks."""
    blocks, queues = iter(blocks), [deque() for _ in range(count)]

    def copy(queue):
        while queue or (block := next(blocks, None)) is not None:
            if not queue:
                for other in queues:
                    other.append(block)
            yield queue.popleft()

    return [copy(queue) for queue in queues]


def _skip(blocks, start):
    """Yield a stream without its first `start` samples."""
    for block in blocks:
        skipped = min(start, len(block))
        start -= skipped
        if skipped < len(block):
            yield block[skipped:]
