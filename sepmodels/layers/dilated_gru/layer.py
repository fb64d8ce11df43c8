"""The dilated GRU: its definition as a cell, and a layer that folds time into the batch."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.dilated_gru import xla_loop
from sepmodels.layers.dilated_recurrence import DilatedRecurrence, fold_time, unfold_time
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class DilatedGRUCell(keras.layers.GRUCell):
    """One step of a GRU whose state comes from `dilation` steps earlier.

    A `keras.layers.GRUCell` computes `h[t]` from `x[t]` and `h[t - 1]`. This cell reads
    `h[t - dilation]` instead, so its states are the last `dilation` outputs. In a
    `keras.layers.RNN` it defines what the faster `DilatedGRU` computes.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. Distance of the state that a step reads, in steps. Defaults to `1`.
        **kwargs: Passed to `keras.layers.GRUCell` (`reset_after`, `dropout`, `dtype`, ...).

    Input shape:
        `(batch, channels)`, and a list of `dilation` states `(batch, units)`, newest first.

    Output shape:
        `(batch, units)`, and the list of the `dilation` next states.

    Raises:
        ValueError: if `dilation` is not a positive integer.

    Example:

    >>> layer = keras.layers.RNN(sm.layers.DilatedGRUCell(8, dilation=4))
    >>> tuple(layer(np.zeros((2, 10, 3), dtype="float32")).shape)
    (2, 8)

    Reference:

    - Liu and Yang (2019), section 2.1. [arXiv:1906.01203](https://arxiv.org/abs/1906.01203)
    - Chang et al. (2017), section 2.1. "Dilated Recurrent Neural Networks".
      [arXiv:1710.02224](https://arxiv.org/abs/1710.02224)
    """

    def __init__(self, units: int, dilation: int = 1, **kwargs):
        _checks.positive(dilation=dilation)
        super().__init__(units, **kwargs)
        self.dilation = int(dilation)
        self.state_size = [units] * self.dilation

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        output, _ = super().call(inputs, [states[-1]], training=training)
        return output, [output, *states[:-1]]

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)] * self.dilation

    def get_config(self) -> dict:
        mine = {"dilation": self.dilation, "implementation": self.implementation}
        return {**super().get_config(), **mine}


@register
class DilatedGRU(DilatedRecurrence, keras.layers.GRU):
    """A GRU whose state comes from `dilation` steps earlier.

    An ordinary GRU computes `h[t]` from `x[t]` and `h[t - 1]`. This layer reads `h[t - dilation]`
    instead, so `n` recurrent steps span `n * dilation` steps. The `dilation` phases (every
    `dilation`-th step) do not interact: the layer folds them into the batch axis and runs one
    ordinary GRU over `time / dilation` steps. It equals `keras.layers.RNN(DilatedGRUCell(...))`.

    A masked step is skipped: it leaves the states unchanged, and `dilation` steps earlier means
    `dilation` unmasked steps earlier. Any mask is allowed, on a GPU too.

    On a CPU the layer trains with a loop and a gradient of its own, which are faster than those
    of TensorFlow. It uses them if `training=True` or if a `tf.GradientTape` records the call.
    They are compiled once for each shape. So is the loop while `sm.separate` takes a long song.
    Other inference keeps the loop of `keras.layers.GRU`, which takes any shape without compilation,
    and so does the gradient of a `tf.function` that was traced without a tape and with
    `training=False`; pass `training=True` there.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. Distance of the state that a step reads, in steps. Need not divide the
            length of the input. Defaults to `1`, which makes the layer a `keras.layers.GRU`.
        **kwargs: Passed to `keras.layers.GRU` (`return_sequences`, `go_backwards`, ...).

    Input shape:
        `(batch, time, channels)`. The time axis may be unknown. `initial_state` is a list of
        `dilation` states `(batch, units)`, newest first; with `dilation=1` also a single one.

    Output shape:
        `(batch, units)`, or `(batch, time, units)` if `return_sequences`. If `return_state`,
        followed by `dilation` states `(batch, units)`: the `initial_state` of the next chunk.

    Raises:
        ValueError: if `dilation` is not a positive integer, or not the number of initial states.

    Example:

    >>> frames = np.zeros((2, 22, 513), dtype="float32")
    >>> layer = sm.layers.DilatedGRU(64, dilation=4, return_sequences=True)
    >>> tuple(layer(frames).shape)
    (2, 22, 64)

    Reference:

    - Liu and Yang (2019), section 2.1, figure 1. "Dilated Convolution with Dilated GRU for Music
      Source Separation". [arXiv:1906.01203](https://arxiv.org/abs/1906.01203)
    - Chang et al. (2017), section 2.1. "Dilated Recurrent Neural Networks".
      [arXiv:1710.02224](https://arxiv.org/abs/1710.02224)
    """

    def __init__(self, units: int, dilation: int = 1, **kwargs):
        _checks.positive(dilation=dilation)
        super().__init__(units, **kwargs)
        self.dilation = int(dilation)
        self.state_size = [units] * self.dilation

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        return super().get_initial_state(batch_size) * self.dilation

    def run(self, sequences: Tensor, past: Tensor, training: bool) -> Tensor:
        if xla_loop.is_compiled(training) and xla_loop.supports(self):
            return xla_loop.run(sequences, past, self.cell)
        folded = fold_time(sequences, self.dilation)
        state = ops.reshape(past, (ops.shape(folded)[0], self.units))
        self._share_dropout_masks()
        _, outputs, _ = _Loop(self).inner_loop(folded, state, mask=None, training=training)
        return unfold_time(outputs, self.dilation, ops.shape(sequences)[1])

    def _share_dropout_masks(self):
        # All rows of a sequence share its masks, as all of its steps do in the cell.
        for name in ("_dropout_mask", "_recurrent_dropout_mask"):
            masks = getattr(self.cell, name, None)
            if masks is not None:
                shared = [ops.repeat(m, self.dilation, axis=0) for m in keras.tree.flatten(masks)]
                setattr(self.cell, name, keras.tree.pack_sequence_as(masks, shared))

    def get_config(self) -> dict:
        mine = {"dilation": self.dilation, "implementation": self.cell.implementation}
        return {**super().get_config(), **mine, "use_cudnn": self.use_cudnn}


class _Loop(keras.layers.GRU):
    """The loop of `keras.layers.GRU`, cuDNN where possible, over the cell of another layer."""

    def __init__(self, owner):
        keras.layers.RNN.__init__(self, owner.cell, return_sequences=True, unroll=owner.unroll)
        self.use_cudnn = owner.use_cudnn
