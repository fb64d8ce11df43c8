"""What recurrent layers with a dilation share: the fold of time, masks, and states in chunks."""

from collections.abc import Sequence

from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.streaming import StreamingRecurrence
from sepmodels.signal.tensor import Tensor

# === Fold ===


def fold_time(x: Tensor, dilation: int) -> Tensor:
    """Move every `dilation`-th step of a sequence to a row of its own.

    Steps `p, p + dilation, p + 2 * dilation, ...` of each sequence become row `p` of `dilation`
    neighbouring rows. The time axis is padded at its end with zeros to a multiple of `dilation`.

    Args:
        x: tensor or array. The sequences.
        dilation: int. The number of rows that a sequence becomes.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        `(batch * dilation, ceil(time / dilation), channels)`.

    Raises:
        ValueError: if `dilation` is not a positive integer.

    Example:

    >>> sequence = np.array([10, 11, 12, 13, 14]).reshape(1, 5, 1)
    >>> np.array(sm.layers.fold_time(sequence, 2)).squeeze(-1).tolist()
    [[10, 12, 14], [11, 13, 0]]
    """
    _checks.positive(dilation=dilation)
    batch, length, channels = ops.shape(x)
    x = ops.pad(x, ((0, 0), (0, -length % dilation), (0, 0)))
    steps = -(-length // dilation)
    # (steps, dilation) and then transposed: the other order would cut contiguous pieces.
    x = ops.transpose(ops.reshape(x, (batch, steps, dilation, channels)), (0, 2, 1, 3))
    return ops.reshape(x, (batch * dilation, steps, channels))


def unfold_time(x: Tensor, dilation: int, length: int) -> Tensor:
    """Undo `fold_time`.

    Args:
        x: tensor or array. The folded sequences.
        dilation: int. The number of rows that a sequence was folded into.
        length: int. The length of the sequences, in steps; the padding after it is dropped.

    Input shape:
        `(batch * dilation, ceil(length / dilation), channels)`.

    Output shape:
        `(batch, length, channels)`.

    Raises:
        ValueError: if `dilation` is not a positive integer.

    Example:

    >>> folded = np.array([[10, 12, 14], [11, 13, 0]]).reshape(2, 3, 1)
    >>> np.array(sm.layers.unfold_time(folded, 2, length=5)).squeeze(-1).tolist()
    [[10, 11, 12, 13, 14]]
    """
    _checks.positive(dilation=dilation)
    rows, steps, channels = ops.shape(x)
    x = ops.reshape(x, (rows // dilation, dilation, steps, channels))
    x = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (rows // dilation, steps * dilation, channels))
    return signal.crop(x, 0, length)


# === Layer ===


class DilatedRecurrence:
    """Mixin of a `keras.layers.RNN` whose state comes from `dilation` steps earlier.

    A subclass sets `dilation` and `state_size`, and computes in `run` all outputs of a forward
    sequence without a mask.
    """

    dilation: int
    go_backwards: bool

    def run(self, sequences: Tensor, past: Tensor, training: bool) -> Tensor:
        """Compute all outputs `(batch, time, units)` of an unmasked, forward sequence.

        Args:
            sequences: tensor `(batch, time, channels)`.
            past: tensor `(batch, dilation, units)`. The last outputs, oldest first.
            training: bool. Whether dropout is applied.
        """
        raise NotImplementedError(f"{type(self).__name__} must define run")

    def inner_loop(
        self,
        sequences: Tensor,
        initial_state: Sequence[Tensor],
        mask: Tensor | None,
        training: bool = False,
    ) -> tuple:
        rule, count = "initial_state must be a list of `dilation` states", len(initial_state)
        _checks.require(count == self.dilation, rule, states=count, dilation=self.dilation)
        past = ops.stack(initial_state[::-1], axis=1)  # from here on oldest first, like time
        if self.go_backwards:
            # Reversed before the fold, which pads at the end: a forward layer ignores that padding.
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        if mask is None:
            outputs = self.run(sequences, past, training)
            states = ops.concatenate([past, outputs], axis=1)[:, -self.dilation :]
        else:
            outputs, states = self._run_masked(sequences, past, ops.cast(mask, "bool"), training)
        return outputs[:, -1], outputs, ops.unstack(states, self.dilation, axis=1)[::-1]

    def _run_masked(self, sequences, past, mask, training):
        """Move the unmasked steps to the front, run, and move the outputs back."""
        length = ops.shape(mask)[1]
        time = ops.arange(length, dtype="int32")
        front = ops.argsort(ops.where(mask, time, time + length), axis=1)
        outputs = self.run(_take_steps(sequences, front), past, training)
        # A masked step repeats the last output, or zeros where there is none yet.
        count = ops.cumsum(ops.cast(mask, "int32"), axis=1)
        history = ops.concatenate([past, outputs], axis=1)
        states = _take_steps(history, count[:, -1:] + ops.arange(self.dilation, dtype="int32"))
        outputs = _take_steps(ops.pad(outputs, ((0, 0), (1, 0), (0, 0))), count)
        if self.zero_output_for_mask:
            outputs = ops.where(mask[..., None], outputs, ops.zeros_like(outputs))
        return outputs, states

    def make_streaming(self, batch_size: int) -> StreamingRecurrence:
        return StreamingRecurrence(self, batch_size)


def _take_steps(x, index):
    """Step `index[b, i]` of sequence `b`, for all `b` and `i`."""
    batch, length = ops.shape(x)[:2]
    rows = ops.expand_dims(ops.arange(batch, dtype="int32") * length, 1) + index
    return ops.take(ops.reshape(x, (-1, x.shape[-1])), rows, axis=0)
