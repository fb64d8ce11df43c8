"""`GatedResidualBlock`: a gated dilated convolution with a residual and a skip output."""

import keras
from keras import ops

from sepmodels import _checks, signal

ACTIVATIONS = ("gated", "relu", "leaky_relu")
PADDINGS = ("same", "valid")


@keras.saving.register_keras_serializable(package="sepmodels")
class GatedResidualBlock(keras.layers.Layer):
    """One layer of a WaveNet: dilated convolution, gate, residual and skip outputs.

    The dilated convolution has two halves, a filter and a gate, and `z = tanh(filter) *
    sigmoid(gate)`. A 1x1 convolution of `z` is added to the input and passed to the next block;
    another one is the skip output, which the end of the network sums. A plain or leaky ReLU of one
    convolution can replace the gate.

    A condition is added to the filter and to the gate through a 1x1 convolution of its own. A
    local condition has as many steps as the input; a global condition has a single step, which
    applies to all.

    Args:
        filters: int. Channels of `z`.
        kernel_size: int. Kernel size of the dilated convolution, in steps. Defaults to `2`.
        dilation: int. Dilation of that convolution, in steps. Defaults to `1`.
        skip_filters: int or None. Channels of the skip output; `None` for no skip output.
            Defaults to `None`.
        residual: bool. Whether there is a residual output; the last block of a network needs
            none. Defaults to `True`.
        activation: str. `"gated"`, `"relu"` or `"leaky_relu"` with slope 0.01. Defaults to
            `"gated"`.
        preactivation: bool. Whether a ReLU also precedes the dilated convolution; not with a gate.
            Defaults to `False`.
        causal: bool. Whether the context lies in the past only. Defaults to `False`: as much in
            the past as in the future.
        padding: str. `"same"` keeps the length. With `"valid"` there is no padding, and the input
            is cropped before it is added to the residual output. Defaults to `"same"`.
        kernel_initializer: str or `keras.initializers.Initializer`. Initializer of all kernels.
            Defaults to `"glorot_uniform"`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(batch, time, channels)`, or a list of that and of conditions
        `(batch, time or 1, any)`. The time axis may be unknown.

    Output shape:
        `(residual, skip)`, or the only one of them: `(batch, time_out, channels)` and
        `(batch, time_out, skip_filters)`, where `time_out` is `time` or, in valid mode,
        `time - (kernel_size - 1) * dilation`.

    Raises:
        ValueError: if an argument is out of its range, or the block would have no output.

    Example:

    >>> wave, speaker = np.zeros((2, 100, 32)), np.zeros((2, 1, 8))
    >>> block = sm.layers.GatedResidualBlock(32, dilation=4, skip_filters=64, causal=True)
    >>> residual, skip = block([wave, speaker])
    >>> tuple(residual.shape), tuple(skip.shape)
    ((2, 100, 32), (2, 100, 64))

    Reference:

    - van den Oord et al. (2016), sections 2.3 to 2.5, figure 4. "WaveNet: A Generative Model
      for Raw Audio". [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """

    def __init__(
        self,
        filters,
        kernel_size=2,
        dilation=1,
        skip_filters=None,
        residual=True,
        activation="gated",
        preactivation=False,
        causal=False,
        padding="same",
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        _checks.positive(filters=filters, kernel_size=kernel_size, dilation=dilation)
        if skip_filters is not None:
            _checks.positive(skip_filters=skip_filters)
        _checks.one_of(activation=(activation, ACTIVATIONS), padding=(padding, PADDINGS))
        if preactivation and activation == "gated":
            raise ValueError(
                "preactivation needs activation='relu' or 'leaky_relu'. Received: "
                f"preactivation={preactivation}, activation={activation!r}"
            )
        if not residual and skip_filters is None:
            raise ValueError(
                "a block must have an output: pass skip_filters or residual=True. Received: "
                f"residual={residual}, skip_filters={skip_filters}"
            )
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.skip_filters = skip_filters
        self.residual = residual
        self.activation = activation
        self.preactivation = preactivation
        self.causal = causal
        self.padding = padding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        sides = signal.compute_context(kernel_size, [dilation], causal)
        self._lost = sides if padding == "valid" else (0, 0)

    def build(self, input_shape):
        x_shape, *condition_shapes = _listed(input_shape)
        inner = self.filters * (2 if self.activation == "gated" else 1)
        z_shape = (*x_shape[:-1], self.filters)
        self.dilated = self._convolution(
            inner,
            x_shape,
            "dilated",
            kernel_size=self.kernel_size,
            dilation_rate=self.dilation,
            padding="causal" if self.causal and self.padding == "same" else self.padding,
        )
        self.conditioners = [
            self._convolution(inner, shape, f"condition_{index}")
            for index, shape in enumerate(condition_shapes)
        ]
        if self.residual:
            self.to_residual = self._convolution(x_shape[-1], z_shape, "residual")
        if self.skip_filters is not None:
            self.to_skip = self._convolution(self.skip_filters, z_shape, "skip")

    def _convolution(self, filters, shape, name, kernel_size=1, **how):
        # An initializer draws the same numbers again; a copy made of its config draws others.
        initializer = keras.initializers.serialize(self.kernel_initializer)
        layer = keras.layers.Conv1D(
            filters,
            kernel_size,
            kernel_initializer=initializer,
            dtype=self.dtype_policy,
            name=name,
            **how,
        )
        layer.build(shape)
        return layer

    def call(self, inputs):
        x, *conditions = _listed(inputs)
        inner = self.dilated(self._activate(x) if self.preactivation else x)
        for condition, project in zip(conditions, self.conditioners, strict=True):
            lost = (0, 0) if condition.shape[1] == 1 else self._lost
            inner = inner + project(crop_time(condition, *lost))
        z = self._activate(inner)
        outputs = []
        if self.residual:
            outputs.append(crop_time(x, *self._lost) + self.to_residual(z))
        if self.skip_filters is not None:
            outputs.append(self.to_skip(z))
        return tuple(outputs) if len(outputs) == 2 else outputs[0]

    def _activate(self, x):
        if self.activation == "gated":
            filtered, gate = ops.split(x, 2, axis=-1)
            return ops.tanh(filtered) * ops.sigmoid(gate)
        return ops.leaky_relu(x, 0.01) if self.activation == "leaky_relu" else ops.relu(x)

    def compute_output_shape(self, input_shape):
        batch, time, channels = _listed(input_shape)[0]
        time = None if time is None else time - sum(self._lost)
        widths = [channels] * self.residual + [self.skip_filters] * (self.skip_filters is not None)
        shapes = [(batch, time, width) for width in widths]
        return tuple(shapes) if len(shapes) == 2 else shapes[0]

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "skip_filters": self.skip_filters,
            "residual": self.residual,
            "activation": self.activation,
            "preactivation": self.preactivation,
            "causal": self.causal,
            "padding": self.padding,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def crop_time(x, left, right):
    """Remove steps at both ends, as a stack of convolutions without padding does.

    Args:
        x: tensor `(batch, time, channels)`.
        left: int. Steps to remove at the start.
        right: int. Steps to remove at the end.
    """
    return _CropTime(left, right)(x) if left or right else x


@keras.saving.register_keras_serializable(package="sepmodels")
class _CropTime(keras.Operation):
    # A model is built with unknown time, but `ops.slice` needs numbers outside an operation.

    def __init__(self, left, right):
        super().__init__()
        self.left = left
        self.right = right

    def call(self, x):
        return signal.crop(x, self.left, ops.shape(x)[1] - self.left - self.right)


def _listed(inputs):
    """Return inputs, or their shapes, as a list."""
    one = hasattr(inputs, "shape") or inputs[-1] is None or isinstance(inputs[-1], int)
    return [inputs] if one else list(inputs)
