"""The minimal GRU: its definition as a cell, and a layer that scans all steps in parallel."""

from collections.abc import Callable, Sequence

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.dilated_recurrence import DilatedRecurrence, fold_time, unfold_time
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class MinGRUCell(keras.layers.Layer):
    """One step of a minimal GRU whose state comes from `dilation` steps earlier.

    `z = sigmoid(x[t] W_z + b_z)`, `n = activation(x[t] W_n + b_n)` and
    `h[t] = (1 - z) h[t - dilation] + z n`. Unlike in a GRU, gate and candidate depend on the input
    alone. In a `keras.layers.RNN` the cell defines what the faster `MinGRU` computes.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. Distance of the state that a step reads, in steps. Defaults to `1`.
        activation: str or callable. Activation of the candidate. Defaults to `"linear"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, channels)`, and a list of `dilation` states `(batch, units)`, newest first.

    Output shape:
        `(batch, units)`, and the list of the `dilation` next states.

    Raises:
        ValueError: if `units` or `dilation` is not a positive integer.

    Example:

    >>> layer = keras.layers.RNN(sm.layers.MinGRUCell(8, dilation=4))
    >>> tuple(layer(np.zeros((2, 10, 3), dtype="float32")).shape)
    (2, 8)

    Reference:

    - Feng et al. (2024), section 3.1. [arXiv:2410.01201](https://arxiv.org/abs/2410.01201)
    """

    def __init__(
        self, units: int, dilation: int = 1, activation: str | Callable = "linear", **kwargs
    ):
        _checks.positive(units=units, dilation=dilation)
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.state_size = [self.units] * dilation
        self.gates = keras.layers.Dense(2 * self.units, dtype=self.dtype_policy, name="gates")

    def build(self, input_shape: tuple) -> None:
        self.gates.build(input_shape)

    def call(self, inputs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        update, candidate = self.project(inputs)
        output = (1 - update) * states[-1] + update * candidate
        return output, [output, *states[:-1]]

    def project(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return update gate and candidate of every step, each `(..., units)`."""
        update, candidate = ops.split(self.gates(inputs), 2, axis=-1)
        return ops.sigmoid(update), self.activation(candidate)


@register
class MinGRU(DilatedRecurrence, keras.layers.RNN):
    """A minimal GRU whose state comes from `dilation` steps earlier, as a parallel scan.

    Update gate and candidate depend on the input alone, so the recurrence is linear in the state:
    `h[t] = (1 - z[t]) h[t - dilation] + z[t] n[t]`. Neighbouring steps combine to one step of the
    same form, so all states follow in `log2(time / dilation)` rounds instead of one after another,
    with work proportional to `time`. The layer equals `keras.layers.RNN(MinGRUCell(...))`.

    The candidate is linear by default, as in the paper. The scan runs in float32 at least.

    Args:
        units: int. Size of the state, in channels.
        dilation: int. Distance of the state that a step reads, in steps. Need not divide the
            length of the input. Defaults to `1`.
        activation: str or callable. Activation of the candidate. Defaults to `"linear"`.
        **kwargs: Passed to `keras.layers.RNN` (`return_sequences`, `return_state`,
            `go_backwards`, `stateful`, `name`, ...).

    Input shape:
        `(batch, time, channels)`. The time axis may be unknown. `initial_state` is a list of
        `dilation` states `(batch, units)`, newest first; with `dilation=1` also a single one.

    Output shape:
        `(batch, units)`, or `(batch, time, units)` if `return_sequences`. If `return_state`,
        followed by `dilation` states `(batch, units)`: the `initial_state` of the next chunk.

    Raises:
        ValueError: if `units` or `dilation` is not a positive integer, or not the number of
            initial states.

    Example:

    >>> frames = np.zeros((2, 22, 513), dtype="float32")
    >>> layer = sm.layers.MinGRU(64, dilation=4, return_sequences=True)
    >>> tuple(layer(frames).shape), layer.count_params()
    ((2, 22, 64), 65792)

    Reference:

    - Feng et al. (2024), section 3.1. "Were RNNs All We Needed?"
      [arXiv:2410.01201](https://arxiv.org/abs/2410.01201)
    """

    def __init__(
        self, units: int, dilation: int = 1, activation: str | Callable = "linear", **kwargs
    ):
        cell = MinGRUCell(units, dilation, activation, dtype=kwargs.get("dtype"), name="cell")
        super().__init__(cell, **kwargs)
        self.units = cell.units
        self.dilation = cell.dilation

    def run(self, sequences: Tensor, past: Tensor, training: bool) -> Tensor:
        length = ops.shape(sequences)[1]
        update, candidate = self.cell.project(sequences)
        wide = keras.backend.result_type(self.compute_dtype, "float32")
        update, candidate, past = (ops.cast(x, wide) for x in (update, candidate, past))
        # The states before the sequence are steps whose decay is 0: nothing earlier counts.
        decay = ops.concatenate([ops.zeros_like(past), 1 - update], axis=1)
        steps = ops.concatenate([past, update * candidate], axis=1)
        decay, steps = (fold_time(x, self.dilation) for x in (decay, steps))
        count = sequences.shape[1]
        rounds = 31 if count is None else (-(-count // self.dilation)).bit_length()
        outputs = unfold_time(
            scan_linear(decay, steps, rounds), self.dilation, length + self.dilation
        )
        return ops.cast(signal.crop(outputs, self.dilation, length), self.compute_dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        cell = config.pop("cell")["config"]
        return {**config, **{key: cell[key] for key in ("units", "dilation", "activation")}}

    @classmethod
    def from_config(cls, config: dict) -> "MinGRU":
        return cls(**config)


def scan_linear(decay, steps, rounds):
    """Compute `h[t] = decay[t] h[t - 1] + steps[t]` for all steps, with `h[-1] = 0`.

    Pairs of steps are combined to one, the recurrence of half the length is solved
    likewise, and the states between them follow from it.

    Args:
        decay: tensor `(batch, time, channels)`.
        steps: tensor `(batch, time, channels)`.
        rounds: int. How often the length is halved, at least `log2(time)`. A round on a single
            step costs next to nothing, so an upper bound suffices.

    Returns:
        Tensor `(batch, time, channels)`.
    """
    if rounds == 0:
        return steps
    batch, length, channels = ops.shape(steps)
    half = (length + 1) // 2
    edges = [[0, 0], [0, 2 * half - length], [0, 0]]
    (first_decay, second_decay), (first, second) = (
        ops.unstack(ops.reshape(ops.pad(x, edges), (batch, half, 2, channels)), 2, axis=2)
        for x in (decay, steps)
    )
    odd = scan_linear(first_decay * second_decay, second_decay * first + second, rounds - 1)
    before = signal.crop(ops.pad(odd, [[0, 0], [1, 0], [0, 0]]), 0, half)
    even = first_decay * before + first
    states = ops.reshape(ops.stack([even, odd], axis=2), (batch, 2 * half, channels))
    return signal.crop(states, 0, length)
