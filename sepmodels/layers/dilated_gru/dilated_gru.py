"""The dilated GRU: its definition as a cell, and a layer that runs it fast."""

import numbers

import keras
from keras import ops

from sepmodels import signal
from sepmodels.layers.dilated_gru import loop

# === Definition ===


@keras.saving.register_keras_serializable(package="sepmodels")
class DilatedGRUCell(keras.layers.GRUCell):
    """One step of a GRU whose state comes from `dilation` steps back.

    A `keras.layers.GRUCell` computes `h[t]` from `x[t]` and `h[t - 1]`. This cell reads `h[t - k]`
    instead, with `k = dilation`, so it keeps a queue of the last `k` outputs. In a
    `keras.layers.RNN` it defines what the faster `DilatedGRU` computes.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. How far back the state comes from, in steps. Defaults to `1`.
        **kwargs: Passed to `keras.layers.GRUCell` (`reset_after`, `dropout`, `dtype`, ...).

    Input shape:
        `(batch, channels)`, and a list of `dilation` states `(batch, units)`, newest first.

    Output shape:
        `(batch, units)`, and the list of the `dilation` next states.

    Raises:
        ValueError: If `dilation` is not a positive integer.

    Example:

    >>> layer = keras.layers.RNN(sm.layers.DilatedGRUCell(8, dilation=4))
    >>> tuple(layer(np.zeros((2, 10, 3), dtype="float32")).shape)
    (2, 8)

    Reference:

    - Liu and Yang (2019), section 2.1. [arXiv:1906.01203](https://arxiv.org/abs/1906.01203)
    """

    def __init__(self, units, dilation=1, **kwargs):
        super().__init__(units, **kwargs)
        self.dilation = _positive(dilation)
        self.state_size = [units] * self.dilation

    def call(self, inputs, states, training=False):
        output, _ = super().call(inputs, [states[-1]], training=training)
        return output, [output, *states[:-1]]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)] * self.dilation

    def get_config(self):
        mine = {"dilation": self.dilation, "implementation": self.implementation}
        return {**super().get_config(), **mine}


# === Fold ===


def fold_time(x, dilation):
    """Put every `dilation`-th step into a row of its own.

    Steps `p, p + k, p + 2k, ...` of each sequence, with `k = dilation`, become row `p` of `k`
    neighbouring rows. Zeros at the end of the time axis fill it up to a multiple of `k`.

    Args:
        x: tensor or array. The sequences.
        dilation: int. The number of rows that a sequence becomes.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        `(batch * dilation, ceil(time / dilation), channels)`.

    Example:

    >>> sequence = np.array([10, 11, 12, 13, 14]).reshape(1, 5, 1)
    >>> np.array(sm.layers.fold_time(sequence, 2)).squeeze(-1).tolist()
    [[10, 12, 14], [11, 13, 0]]
    """
    dilation = _positive(dilation)
    length, channels = ops.shape(x)[1], x.shape[-1]
    x = ops.pad(x, ((0, 0), (0, -length % dilation), (0, 0)))
    steps = -(-length // dilation)
    # (steps, dilation) and then transposed: the other way round cuts contiguous pieces.
    x = ops.transpose(ops.reshape(x, (-1, steps, dilation, channels)), (0, 2, 1, 3))
    return ops.reshape(x, (-1, steps, channels))


def unfold_time(x, dilation, length):
    """Undo `fold_time`.

    Args:
        x: tensor or array. The folded sequences.
        dilation: int. The number of rows that a sequence was folded into.
        length: int. The length of the sequences, in steps: the padding behind it goes.

    Input shape:
        `(batch * dilation, ceil(length / dilation), channels)`.

    Output shape:
        `(batch, length, channels)`.

    Example:

    >>> folded = np.array([[10, 12, 14], [11, 13, 0]]).reshape(2, 3, 1)
    >>> np.array(sm.layers.unfold_time(folded, 2, length=5)).squeeze(-1).tolist()
    [[10, 11, 12, 13, 14]]
    """
    dilation = _positive(dilation)
    steps, channels = ops.shape(x)[1], x.shape[-1]
    x = ops.transpose(ops.reshape(x, (-1, dilation, steps, channels)), (0, 2, 1, 3))
    return signal.crop(ops.reshape(x, (-1, steps * dilation, channels)), 0, length)


# === Layer ===


@keras.saving.register_keras_serializable(package="sepmodels")
class DilatedGRU(keras.layers.GRU):
    """A GRU whose state comes from `dilation` steps back.

    An ordinary GRU computes `h[t]` from `x[t]` and `h[t - 1]`. This layer reads `h[t - k]` instead,
    with `k = dilation`, so it reaches `n * k` steps back in `n` recurrent steps. The `k` phases
    (every `k`-th step) never meet: the layer folds them into the batch axis and runs one ordinary
    GRU over `time / k` steps. It equals `keras.layers.RNN(DilatedGRUCell(...))`.

    A masked step is one that did not happen: it leaves the states alone, and `k` steps back means
    `k` unmasked steps back. Any mask will do, on a GPU too.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. How far back the state comes from, in steps. Need not divide the length of
            the input. Defaults to `1`, which makes the layer a `keras.layers.GRU`.
        **kwargs: Passed to `keras.layers.GRU` (`return_sequences`, `go_backwards`, ...).

    Input shape:
        `(batch, time, channels)`. The time axis may be unknown. `initial_state` is a list of
        `dilation` states `(batch, units)`, newest first; with `dilation=1` also a single one.

    Output shape:
        `(batch, units)`, or `(batch, time, units)` if `return_sequences`. If `return_state`,
        followed by `dilation` states `(batch, units)`: the `initial_state` of the next chunk.

    Raises:
        ValueError: If `dilation` is not a positive integer, or not the number of initial states.

    Example:

    >>> frames = np.zeros((2, 22, 513), dtype="float32")
    >>> layer = sm.layers.DilatedGRU(64, dilation=4, return_sequences=True)
    >>> tuple(layer(frames).shape)
    (2, 22, 64)

    Reference:

    - Liu and Yang (2019), section 2.1, figure 1. "Dilated Convolution with Dilated GRU for Music
      Source Separation". [arXiv:1906.01203](https://arxiv.org/abs/1906.01203)
    """

    def __init__(self, units, dilation=1, **kwargs):
        super().__init__(units, **kwargs)
        self.dilation = _positive(dilation)
        self.state_size = [units] * self.dilation

    def get_initial_state(self, batch_size):
        return super().get_initial_state(batch_size) * self.dilation

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if len(initial_state) != self.dilation:
            raise ValueError(
                f"`initial_state` must hold one state for each of the dilation={self.dilation} "
                f"steps back, newest first. Received: {len(initial_state)} states."
            )
        past = ops.stack(initial_state[::-1], axis=1)  # from here on oldest first, like time
        if self.go_backwards:
            # Before the fold: it pads at the end, which a GRU that runs forwards never hears.
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        if mask is None:
            outputs = self._run(sequences, past, training)
            states = ops.concatenate([past, outputs], axis=1)[:, -self.dilation :]
        else:
            outputs, states = self._run_masked(sequences, past, ops.cast(mask, "bool"), training)
        return outputs[:, -1], outputs, ops.unstack(states, self.dilation, axis=1)[::-1]

    def _run(self, sequences, past, training):
        """All outputs of an unmasked, forward sequence: fold, one ordinary GRU, unfold."""
        if training and loop.fits(self):
            return loop.dilated_gru(sequences, past, self.cell)
        folded, state = fold_time(sequences, self.dilation), ops.reshape(past, (-1, self.units))
        self._share_dropout_masks()
        _, outputs, _ = _Loop(self).inner_loop(folded, state, mask=None, training=training)
        return unfold_time(outputs, self.dilation, ops.shape(sequences)[1])

    def _run_masked(self, sequences, past, mask, training):
        """Move the unmasked steps to the front, run, and put the outputs where they belong."""
        length = ops.shape(mask)[1]
        time = ops.arange(length, dtype="int32")
        front = ops.argsort(ops.where(mask, time, time + length), axis=1)
        outputs = self._run(_take_steps(sequences, front), past, training)
        # A step sees the last of the outputs so far, or zeros while there is none.
        count = ops.cumsum(ops.cast(mask, "int32"), axis=1)
        history = ops.concatenate([past, outputs], axis=1)
        states = _take_steps(history, count[:, -1:] + ops.arange(self.dilation, dtype="int32"))
        outputs = _take_steps(ops.pad(outputs, ((0, 0), (1, 0), (0, 0))), count)
        if self.zero_output_for_mask:
            outputs = ops.where(mask[..., None], outputs, ops.zeros_like(outputs))
        return outputs, states

    def _share_dropout_masks(self):
        # All rows of a sequence get its masks, as all steps do in the cell.
        for name in ("_dropout_mask", "_recurrent_dropout_mask"):
            masks = getattr(self.cell, name, None)
            if masks is not None:
                shared = [ops.repeat(m, self.dilation, axis=0) for m in keras.tree.flatten(masks)]
                setattr(self.cell, name, keras.tree.pack_sequence_as(masks, shared))

    def get_config(self):
        mine = {"dilation": self.dilation, "implementation": self.cell.implementation}
        return {**super().get_config(), **mine, "use_cudnn": self.use_cudnn}


class _Loop(keras.layers.GRU):
    """The loop of `keras.layers.GRU`, cuDNN where possible, over the cell of another layer."""

    def __init__(self, owner):
        keras.layers.RNN.__init__(self, owner.cell, return_sequences=True, unroll=owner.unroll)
        self.use_cudnn = owner.use_cudnn


def _take_steps(x, index):
    """Step `index[b, i]` of sequence `b`, for all `b` and `i`."""
    batch, length = ops.shape(x)[:2]
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * length, 1) + index
    return ops.take(ops.reshape(x, (-1, x.shape[-1])), rows, axis=0)


def _positive(dilation):
    if isinstance(dilation, bool) or not isinstance(dilation, numbers.Integral) or dilation < 1:
        raise ValueError(f"`dilation` must be a positive integer. Received: dilation={dilation!r}")
    return int(dilation)
