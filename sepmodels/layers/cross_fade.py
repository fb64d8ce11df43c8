"""`CrossFade`: a layer of fixed length on a sequence of any length."""

import keras
import numpy as np
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.registration import check, register
from sepmodels.signal.tensor import Tensor


@register
class CrossFade(keras.layers.Layer):
    """Applies a layer to overlapping windows of a sequence and cross-fades the results.

    The first window begins with the sequence, each further one `step` steps later. The last
    window covers the end of the sequence, padded with zeros. Every window is faded in linearly
    over the result of the windows before it. The weights of a step sum to one, also at the start
    of the sequence, so a layer that returns its input leaves the sequence unchanged.

    Args:
        layer: `keras.layers.Layer` or `keras.Model`. From `(batch, length, ...)` to
            `(batch, length, ...)`.
        length: int. Length of a window, in steps.
        step: int. Distance from one window to the next, in steps; divides `length`.
        ramp: str. `"midpoint"`: every window is faded in by `(i + 0.5) / n` over the `n` steps
            that it shares with the one before it. `"endpoint"`: by `i / (n - 1)`, but the first
            window is not faded in and one window more is processed at the end, as in the
            published code of `models.DeepConvSep`. Defaults to `"midpoint"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, time, ...)`, any time from 1 step up.

    Output shape:
        `(batch, time, ...)`, with the last axes that `layer` returns.

    Raises:
        ValueError: if `step` does not divide `length`, or the ramp is unknown.

    Example:

    >>> layer = sm.layers.CrossFade(keras.layers.Dense(4), length=30, step=5)
    >>> tuple(layer(np.zeros((2, 101, 3), dtype="float32")).shape)
    (2, 101, 4)
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        length: int,
        step: int,
        ramp: str = "midpoint",
        **kwargs,
    ):
        _checks.positive(length=length, step=step)
        check(self, length % step == 0, "step must divide length")
        _checks.one_of(ramp=(ramp, ("midpoint", "endpoint")))
        super().__init__(**kwargs)
        self._first, self._others = _fades(length, step, ramp)

    def build(self, input_shape: tuple) -> None:
        if not self.layer.built:
            self.layer.build((input_shape[0], self.length, *input_shape[2:]))

    def call(self, inputs: Tensor) -> Tensor:
        time = ops.shape(inputs)[1]
        beyond = ops.maximum(time, self.length) - self.length  # the first window
        count = 1 + (beyond + self.step - 1) // self.step + int(self.ramp == "endpoint")
        steps = self.step * ops.arange(count)[:, None] + ops.arange(self.length)
        # Zeros for a window that extends beyond the end.
        edges = [[0, 0], [0, self.length + self.step], *([0, 0] for _ in inputs.shape[2:])]
        windows = ops.take(ops.pad(inputs, edges), steps, axis=1)
        windows = ops.reshape(windows, (-1, self.length, *inputs.shape[2:]))
        outputs = ops.cast(self.layer(windows), self.compute_dtype)

        ones = [1] * (len(outputs.shape) - 2)
        outputs = ops.reshape(outputs, (-1, count, self.length, *outputs.shape[2:]))
        fade = ops.where(ops.arange(count)[:, None] == 0, self._first, self._others)
        fade = ops.reshape(ops.cast(fade, self.compute_dtype), (1, count, self.length, *ones))
        outputs = signal.overlap_add(fade * outputs, self.step, axis=1)
        # Cropped first: beyond the end a weight may be 0, and 0 / 0 has no finite gradient.
        weight = signal.crop(signal.overlap_add(fade, self.step, axis=1), 0, time)
        return signal.crop(outputs, 0, time) / weight

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, time, *rest = input_shape
        return (batch, time, *self.layer.compute_output_shape((batch, self.length, *rest))[2:])


def _fades(length, step, ramp):
    """Return the weights of the first window and of the others, after all later fades."""
    if ramp == "midpoint":
        rising = np.minimum(1.0, (np.arange(length) + 0.5) / max(1, length - step))
    else:
        rising = np.concatenate([np.linspace(0.0, 1.0, length - step), np.ones(step)])
    falling = np.ones(length)
    for later in range(step, length, step):
        falling[later:] *= 1.0 - rising[:-later]
    return (rising * falling if ramp == "midpoint" else falling), rising * falling
