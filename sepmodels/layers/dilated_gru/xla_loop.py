"""The loop of a dilated GRU on a CPU, compiled, with a hand-written gradient.

The gradient that TensorFlow derives for a loop multiplies small matrices in every step. Here a
step holds only what depends on the previous step, and XLA compiles the loop to one kernel. The
forward loop keeps the derivatives of each state, so the backward loop only multiplies, and the
gradient of each weight matrix is one large product after the loop.
"""

import contextvars
import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import activations
from tensorflow.python.eager import record

from sepmodels import signal

_FIXED = contextvars.ContextVar("fixed", default=False)


def fix_shape(trace: Callable[[], Any]) -> Any:
    """Call `trace`, which traces a graph for inputs of one shape, with the loop compiled.

    A graph for all shapes would compile it again for each, which takes longer than inference.
    """
    context = contextvars.copy_context()
    context.run(_FIXED.set, True)
    return context.run(trace)


def is_compiled(training):
    """Return whether the loop is compiled: for a gradient, or for a graph of one shape."""
    return training or record.could_possibly_record() or _FIXED.get()


def supports(layer):
    """Return whether `run` computes what `layer`, a `DilatedGRU`, defines.

    On a GPU it does too, but cuDNN is faster there.
    """
    cell = layer.cell
    return (
        keras.backend.backend() == "tensorflow"
        and not tf.config.list_logical_devices("GPU")
        and layer.use_cudnn is not True
        and layer.compute_dtype != "float64"
        and cell.activation is activations.tanh
        and cell.recurrent_activation is activations.sigmoid
        and cell.use_bias
        and cell.reset_after
        and not (cell.dropout or cell.recurrent_dropout or layer.unroll)
    )


def run(x, past, cell):
    """Compute all outputs of a GRU whose state comes from `dilation` steps earlier.

    Args:
        x: tensor `(batch, time, channels)`. The sequences.
        past: tensor `(batch, dilation, units)`. The last outputs, oldest first.
        cell: keras.layers.GRUCell. It holds the weights.

    Returns:
        Tensor `(batch, time, units)`.
    """
    weights = [tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    batch = x.shape[0]
    if not batch:  # unknown or 0, with which XLA's loop ends the process: one sequence more
        one_more = [[0, 1], [0, 0], [0, 0]]
        outputs = _outputs(tf.pad(x, one_more), tf.pad(past, one_more), *weights)
        return signal.crop(outputs, 0, tf.shape(x)[0], axis=0)
    if batch == 1:
        return _outputs(x, past, *weights)
    # XLA runs a loop on one core. The sequences are independent, so the cores share them: two
    # loops, or four where only four have small steps.
    halves, quarters = (_is_small(-(-batch // n) * past.shape[1], cell.units) for n in (2, 4))
    count = 4 if batch >= 4 and quarters and not halves else 2
    sizes = [batch * (n + 1) // count - batch * n // count for n in range(count)]
    shares = zip(tf.split(x, sizes), tf.split(past, sizes), strict=True)
    return tf.concat([_outputs(*share, *weights) for share in shares], axis=0)


def _outputs(x, past, kernel, recurrent_kernel, bias):
    batch = tf.shape(x)[0] if x.shape[0] is None else x.shape[0]
    length, (dilation, units) = tf.shape(x)[1], past.shape[1:]
    wide = tf.float32  # 16 bits suffice for a product, but not for a state, which accumulates
    bias, inner_bias = tf.unstack(tf.cast(bias, wide))
    bias += tf.pad(inner_bias[: 2 * units], [(0, units)])  # the reset gate scales the rest

    # Time first: then `dilation` neighbouring steps of all sequences are one step of the loop.
    steps, rows = -(-length // dilation), dilation * batch
    x = tf.pad(tf.transpose(x, (1, 0, 2)), ((0, -length % dilation), (0, 0), (0, 0)))
    x = tf.matmul(tf.reshape(x, (steps * rows, x.shape[-1])), tf.cast(kernel, x.dtype))
    dtype, x = x.dtype, tf.reshape(tf.cast(x, wide) + bias, (steps, rows, 3 * units))
    state = tf.reshape(tf.transpose(tf.cast(past, wide), (1, 0, 2)), (rows, units))
    outputs = _recur(x, state, tf.cast(recurrent_kernel, wide), inner_bias[2 * units :])
    outputs = tf.reshape(tf.cast(outputs, dtype), (steps * dilation, batch, units))
    return tf.transpose(signal.crop(outputs, 0, length, axis=0), (1, 0, 2))


@tf.custom_gradient
def _recur(*inputs):  # x, state, kernel, bias
    # Stopped on both sides, because what a tape would keep of the loop cannot leave XLA.
    states, slope_n, *slopes = map(tf.stop_gradient, _forward(*map(tf.stop_gradient, inputs)))

    @tf.custom_gradient
    def first(*arguments):
        # Copies in the graph of this gradient: the second may not use tensors of another graph.
        x, state, kernel, bias, d_outputs = map(tf.identity, arguments)
        stopped = map(tf.stop_gradient, (*slopes, tf.transpose(kernel), d_outputs))
        d_state, d_states, d_z, d_r, d_n = _backward(*stopped)
        d_x = tf.concat([d_z, d_r, d_states * slope_n], axis=-1)
        d_inner = tf.reshape(tf.concat([d_z, d_r, d_n], axis=-1), (-1, kernel.shape[1]))
        before = tf.reshape(states[:-1], (-1, kernel.shape[0]))
        d_kernel = tf.matmul(before, d_inner, transpose_a=True)
        d_bias = tf.reduce_sum(d_n, axis=(0, 1))
        second = functools.partial(_second, (x, state, kernel, bias), d_outputs)
        return (d_x, d_state, d_kernel, d_bias), second

    return states[1:], lambda d_outputs: first(*inputs, d_outputs)


def _second(inputs, d_outputs, *upstream):
    """Differentiate the gradient again, through a plain loop: slower, but to any order.

    Where the layer is called in a `tf.function`, TensorFlow itself ends at the second.
    """
    with tf.GradientTape() as outer:
        outer.watch([*inputs, d_outputs])
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            outputs = _plain(*inputs)
        first = inner.gradient(outputs, inputs, d_outputs)
    return outer.gradient(first, [*inputs, d_outputs], upstream)


def _plain(x, state, kernel, bias):
    def step(state, x):
        (x_z, x_r, x_n), (z, r, n) = tf.split(x, 3, axis=1), _by_gate(state, [kernel])
        update = tf.sigmoid(x_z + z)
        return update * state + (1 - update) * tf.tanh(x_n + tf.sigmoid(x_r + r) * (n + bias))

    return tf.scan(step, x, state)


@tf.function(jit_compile=tf.test.is_built_with_xla())
def _forward(x, state, kernel, bias):
    """Compute all states, including the first, and the derivatives of each.

    The derivatives are with respect to the term of `x` in the candidate, to the arguments of the
    update gate and of the reset gate, to the term of `state @ kernel` in the candidate, and to the
    previous state through the update gate.
    """
    steps, xs = tf.shape(x)[0], _read(x)
    kernels = tf.split(kernel, 3 if _is_small(*state.shape) else 1, axis=1)

    def step(t, state, states, *slopes):
        (x_z, x_r, x_n), (z, r, n) = tf.split(xs.read(t), 3, axis=1), _by_gate(state, kernels)
        update, reset, n = tf.sigmoid(x_z + z), tf.sigmoid(x_r + r), n + bias
        candidate = tf.tanh(x_n + reset * n)
        slope_n = (1 - update) * (1 - candidate * candidate)
        slope_z = (state - candidate) * update * (1 - update)
        slope_r = slope_n * n * reset * (1 - reset)
        found = slope_n, slope_z, slope_r, slope_n * reset, update
        state = candidate + update * (state - candidate)
        slopes = [array.write(t, slope) for array, slope in zip(slopes, found, strict=True)]
        return t + 1, state, states.write(t + 1, state), *slopes

    states = _write(state, steps + 1).write(0, state)
    start = 0, state, states, *(_write(state, steps) for _ in range(5))
    _, _, *arrays = tf.while_loop(lambda t, *_: t < steps, step, start)
    return [array.stack() for array in arrays]


@tf.function(jit_compile=tf.test.is_built_with_xla())
def _backward(slope_z, slope_r, slope_n, update, transposed, d_outputs):
    """Compute the gradients of the first state, of all states, and of each gate's product."""
    steps, d_outputs, updates = tf.shape(update)[0], _read(d_outputs), _read(update)
    slopes = [_read(slope) for slope in (slope_z, slope_r, slope_n)]
    kernels = tf.split(transposed, 3 if _is_small(*update.shape[1:]) else 1)

    def step(t, d_state, *arrays):
        d_state += d_outputs.read(t)
        d_gates = [d_state * slope.read(t) for slope in slopes]
        arrays = [a.write(t, d) for a, d in zip(arrays, (d_state, *d_gates), strict=True)]
        return t - 1, d_state * updates.read(t) + _from_gates(d_gates, kernels), *arrays

    start = steps - 1, tf.zeros_like(update[0]), *(_write(update, steps) for _ in range(4))
    _, d_state, *arrays = tf.while_loop(lambda t, *_: t >= 0, step, start)
    return d_state, *(array.stack() for array in arrays)


def _is_small(rows, units):
    """Return whether a step is faster with one product for each gate than with one for all.

    XLA distributes a large product over the cores, and the loop waits for all of them. Three
    products that are small enough for one core are faster. Measured with two cores.
    """
    return rows is not None and units <= 256 and rows * units * units <= 2**20


def _by_gate(state, kernels):
    """Split `state @ kernel` into the terms of update gate, reset gate and candidate."""
    products = [tf.matmul(state, kernel) for kernel in kernels]
    return products if len(products) == 3 else tf.split(*products, 3, axis=1)


def _from_gates(d_gates, kernels):
    """Compute the gradient of a state from those of its products; `kernels` are transposed."""
    if len(kernels) == 1:
        return tf.matmul(tf.concat(d_gates, axis=1), *kernels)
    return tf.add_n([tf.matmul(*pair) for pair in zip(d_gates, kernels, strict=True)])


def _read(x):
    return tf.TensorArray(x.dtype, tf.shape(x)[0]).unstack(x)


def _write(x, steps):
    return tf.TensorArray(x.dtype, steps)
