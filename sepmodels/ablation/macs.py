"""`count_macs`: the multiply-accumulate operations of a model, counted while it runs."""

import math

import tensorflow as tf

# TensorFlow's debugger uses this; there is no public way to see each operation.
from tensorflow.python.framework import op_callbacks

from sepmodels.models.base import Separator


def count_macs(model: Separator, seconds: float = 1.0) -> int:
    """Count the multiplications in the convolutions and matrix products of a model.

    The model runs once, on silence, and each operation is counted as it is executed, including
    every step of a recurrence. Fourier transforms and elementwise operations are not counted.

    Args:
        model: `models.Separator`.
        seconds: float. Duration of the estimates; a model without padding processes its context
            in addition. Defaults to `1.0`.

    Returns:
        int.

    Example:

    >>> model = sm.models.WaveUNet(levels=1, filters=1, padding="same", channels=1)
    >>> sm.ablation.count_macs(model, seconds=2 / 22050)  # 2 * 15 + 15 * 2 + 2 * 5 * 3 + 2 * 2
    94
    """
    length, _ = model.valid_length(round(seconds * model.sample_rate))
    total = 0

    def count(operation, inputs, attributes, outputs, op_name=None, graph=None):
        nonlocal total
        name = operation.decode() if isinstance(operation, bytes) else operation
        total += _count_operation(name, inputs, attributes, outputs)

    op_callbacks.add_op_callback(count)
    try:
        model(tf.zeros((1, length, model.channels)), training=False)
    finally:
        op_callbacks.remove_op_callback(count)
    return total


def _count_operation(operation, inputs, attributes, outputs):
    if operation == "Conv2D":
        return math.prod(outputs[0].shape) * math.prod(inputs[1].shape[:-1])
    if operation == "Conv2DBackpropInput":  # a transposed convolution: every input, every tap
        return math.prod(inputs[2].shape) * math.prod(inputs[1].shape[:-1])
    if operation in ("MatMul", "BatchMatMul", "BatchMatMulV2"):
        names = dict(zip(attributes[::2], attributes[1::2], strict=True))
        turned = names.get("transpose_a", names.get("adj_x", False))
        return math.prod(outputs[0].shape) * inputs[0].shape[-2 if turned else -1]
    return 0
