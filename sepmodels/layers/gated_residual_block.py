"""`GatedResidualBlock`: a gated dilated convolution with a residual and a skip output."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.registration import check, register
from sepmodels.signal.tensor import Tensor

ACTIVATIONS = ("gated", "relu", "leaky_relu")
PADDINGS = ("same", "valid")


@register
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
        filters: int,
        kernel_size: int = 2,
        dilation: int = 1,
        skip_filters: int | None = None,
        residual: bool = True,
        activation: str = "gated",
        preactivation: bool = False,
        causal: bool = False,
        padding: str = "same",
        kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
        **kwargs,
    ):
        _checks.positive(filters=filters, kernel_size=kernel_size, dilation=dilation)
        if skip_filters is not None:
            _checks.positive(skip_filters=skip_filters)
        _checks.one_of(activation=(activation, ACTIVATIONS), padding=(padding, PADDINGS))
        rule = "preactivation needs activation='relu' or 'leaky_relu'"
        check(self, not (preactivation and activation == "gated"), rule)
        rule = "a block must have an output: pass skip_filters or residual=True"
        check(self, residual or skip_filters is not None, rule)
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        sides = signal.compute_context(kernel_size, [dilation], causal)
        self.cropped = sides if padding == "valid" else (0, 0)  # steps removed on either side

    def build(self, input_shape: tuple) -> None:
        x_shape, *condition_shapes = _list(input_shape)
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

    def _convolution(self, filters, shape, name, kernel_size=1, **options):
        # One initializer object gives the same numbers to all kernels of a shape. Each kernel has a
        # copy of its own, made of the config.
        options["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        options |= {"dtype": self.dtype_policy, "name": name}
        layer = keras.layers.Conv1D(filters, kernel_size, **options)
        layer.build(shape)
        return layer

    def call(self, inputs: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, Tensor]:
        x, *conditions = _list(inputs)
        inner = self.dilated(self._activate(x) if self.preactivation else x)
        for condition, project in zip(conditions, self.conditioners, strict=True):
            inner = inner + project(_crop_condition(condition, self.cropped))
        z = self._activate(inner)
        residual = crop_time(x, *self.cropped) + self.to_residual(z) if self.residual else None
        if self.skip_filters is None:
            return residual
        skip = self.to_skip(z)
        return (residual, skip) if self.residual else skip

    def _activate(self, x):
        if self.activation == "gated":
            filtered, gate = ops.split(x, 2, axis=-1)
            return ops.tanh(filtered) * ops.sigmoid(gate)
        return ops.leaky_relu(x, 0.01) if self.activation == "leaky_relu" else ops.relu(x)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, time, channels = _list(input_shape)[0]
        time = None if time is None else time - sum(self.cropped)
        widths = [channels] * self.residual + [self.skip_filters] * (self.skip_filters is not None)
        shapes = [(batch, time, width) for width in widths]
        return tuple(shapes) if len(shapes) == 2 else shapes[0]


def stack_blocks(make, dilations, filters, kernel_size, name="block", **options):
    """Yield blocks with these dilations.

    Args:
        make: callable. `GatedResidualBlock`, or a function that returns one.
        dilations: sequence of int. One for each block, in steps.
        filters: int. As of the block.
        kernel_size: int. As of the block.
        name: str. Start of the names; an index follows. Defaults to `"block"`.
        **options: Further arguments of the block. If there are skip outputs, the last block has no
            residual output.
    """
    for index, dilation in enumerate(dilations):
        options["residual"] = index < len(dilations) - 1 or "skip_filters" not in options
        yield make(filters, kernel_size, dilation=dilation, name=f"{name}_{index}", **options)


def sum_skips(blocks, x, conditions=(), total=None):
    """Apply blocks one after another, and sum their skip outputs.

    Args:
        blocks: iterable of `GatedResidualBlock`. All have a skip output, all but the last a
            residual output.
        x: tensor `(batch, time, channels)`. Input of the first block.
        conditions: sequence of tensors `(batch, time or 1, any)`. Read by every block. Defaults to
            none.
        total: tensor `(batch, time, skip_filters)` or None. Added to the sum. Defaults to `None`.

    Returns:
        Tensor `(batch, time_out, skip_filters)`. In valid mode it is the centre of all inputs
        that the last block returns.
    """
    for block in blocks:
        outputs = block([x, *conditions])
        x, skip = outputs if block.residual else (None, outputs)
        total = skip if total is None else crop_time(total, *block.cropped) + skip
        conditions = [_crop_condition(condition, block.cropped) for condition in conditions]
    return total


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
    # A model is built with unknown time, but `ops.slice` needs numbers outside an operation. Keras
    # itself records the arguments of an operation.

    def __init__(self, left, right):
        super().__init__()
        self.left = left
        self.right = right

    def call(self, x):
        return signal.crop(x, self.left, ops.shape(x)[1] - self.left - self.right)


def _crop_condition(condition, sides):
    return condition if condition.shape[1] == 1 else crop_time(condition, *sides)


def _list(inputs):
    """Return inputs, or their shapes, as a list."""
    one = hasattr(inputs, "shape") or inputs[-1] is None or isinstance(inputs[-1], int)
    return [inputs] if one else list(inputs)
