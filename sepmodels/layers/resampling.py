"""`Decimate` and `Upsample`: resampling by a factor of two."""

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor

_METHODS = ("linear", "nearest", "learned")
_PADDINGS = ("same", "valid")


@register
class Decimate(keras.layers.Layer):
    """Keeps every second step, beginning with the first.

    There is no anti-aliasing filter: the network learns which information may be dropped.

    Args:
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, time, channels)`. The time axis may be unknown.

    Output shape:
        `(batch, ceil(time / 2), channels)`.

    Example:

    >>> steps = np.arange(5.0).reshape(1, 5, 1)
    >>> np.array(sm.layers.Decimate()(steps)).ravel().tolist()
    [0.0, 2.0, 4.0]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        # A mean of one step: the gradient of `inputs[:, ::2]` takes four times as long on a CPU.
        return ops.average_pool(inputs, 1, strides=2, padding="same")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, time, channels = input_shape
        return batch, None if time is None else -(-time // 2), channels


@register
class Upsample(keras.layers.Layer):
    """Inserts a step after every step of a signal.

    Step `2 * j` of the output is step `j` of the input, so `Decimate` inverts this layer. (The
    resizing functions of image libraries align pixel centres differently and would shift the
    sound.)

    Args:
        method: str. The value between `x[j]` and `x[j + 1]`: their mean (`"linear"`), `x[j]`
            (`"nearest"`), or `w * x[j] + (1 - w) * x[j + 1]` with a learned weight `w` for each
            channel (`"learned"`). `w` is the sigmoid of a variable, so it stays in [0, 1], and it
            starts at 0.5. Defaults to `"linear"`.
        padding: str. `"valid"` ends with the last step, as the next one is unknown. `"same"` adds
            a step after it; there `"linear"` repeats the last step, and `"learned"` assumes that
            a zero follows. Defaults to `"same"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, time, channels)`, any time from 1 step up. The time axis may be unknown.

    Output shape:
        `(batch, 2 * time, channels)`, or `(batch, 2 * time - 1, channels)` for `"valid"`.

    Raises:
        ValueError: if `method` or `padding` is unknown.

    Example:

    >>> steps = np.array([0.0, 4.0, 2.0]).reshape(1, 3, 1)
    >>> np.array(sm.layers.Upsample(padding="valid")(steps)).ravel().tolist()
    [0.0, 2.0, 4.0, 3.0, 2.0]
    >>> np.array(sm.layers.Upsample()(steps)).ravel().tolist()
    [0.0, 2.0, 4.0, 3.0, 2.0, 2.0]

    Reference:

    - Stoller, Ewert and Dixon (2018), sections 3.2.2 and 3.2.4. "Wave-U-Net: A Multi-Scale
      Neural Network for End-to-End Audio Source Separation".
      [arXiv:1806.03185](https://arxiv.org/abs/1806.03185)
    """

    def __init__(self, method: str = "linear", padding: str = "same", **kwargs):
        _checks.one_of(method=(method, _METHODS), padding=(padding, _PADDINGS))
        super().__init__(**kwargs)

    def build(self, input_shape: tuple) -> None:
        if self.method == "learned":
            self.omega = self.add_weight(
                name="omega", shape=(input_shape[-1],), initializer="zeros"
            )

    def call(self, inputs: Tensor) -> Tensor:
        time = ops.shape(inputs)[1]
        last = signal.crop(inputs, time - 1, 1)
        if self.method == "learned":
            weight, last = ops.sigmoid(self.omega), ops.zeros_like(last)
        else:
            weight = 0.5 if self.method == "linear" else 1.0
        following = ops.concatenate([signal.crop(inputs, 1, time - 1), last], axis=1)
        between = weight * inputs + (1 - weight) * following
        pairs = ops.stack([inputs, between], axis=2)
        outputs = ops.reshape(pairs, (-1, 2 * time, inputs.shape[-1]))
        return outputs if self.padding == "same" else signal.crop(outputs, 0, 2 * time - 1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, time, channels = input_shape
        if time is not None:
            time = 2 * time - (self.padding == "valid")
        return batch, time, channels
