"""`DilatedGRUCell`: the definition of the dilated GRU."""

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.registration import register


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

    def __init__(self, units, dilation=1, **kwargs):
        _checks.positive(dilation=dilation)
        super().__init__(units, **kwargs)
        self.dilation = int(dilation)
        self.state_size = [units] * self.dilation

    def call(self, inputs, states, training=False):
        output, _ = super().call(inputs, [states[-1]], training=training)
        return output, [output, *states[:-1]]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)] * self.dilation

    def get_config(self):
        mine = {"dilation": self.dilation, "implementation": self.implementation}
        return {**super().get_config(), **mine}
