"""The loop of a dilated GRU while it trains on a CPU, with the gradient written by hand.

What TensorFlow derives from a loop multiplies small matrices, step by step, wherever the loop does.
Here the loops hold only what has to wait for the step before, and XLA makes one kernel of it. The
way there keeps how each state changes with what it is made of, so the way back only multiplies, and
each weight matrix gets its gradient from one large product afterwards.
"""

import keras
import tensorflow as tf
from keras import activations

from sepmodels import signal


def fits(layer):
    """Whether `dilated_gru` computes what `layer`, a `DilatedGRU`, would.

    On a GPU it would too, but there cuDNN is faster.
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


def dilated_gru(x, past, cell):
    """All outputs of a GRU whose state comes from as many steps back as `past` has.

    Args:
        x: tensor. The sequences, `(batch, time, channels)`.
        past: tensor. The last outputs, oldest first, `(batch, dilation, units)`.
        cell: keras.layers.GRUCell. It has the weights.

    Output shape:
        `(batch, time, units)`.
    """
    weights = [tf.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    batch = x.shape[0]
    if batch is None or batch < 2:
        return _outputs(x, past, *weights)
    # XLA runs a loop on one core. The sequences are independent, so the cores share them: two
    # loops, or four where only those have small steps.
    halves, quarters = (_is_small(-(-batch // n) * past.shape[1], cell.units) for n in (2, 4))
    count = 4 if batch >= 4 and quarters and not halves else 2
    sizes = [batch * (n + 1) // count - batch * n // count for n in range(count)]
    parts = zip(tf.split(x, sizes), tf.split(past, sizes), strict=True)
    return tf.concat([_outputs(*part, *weights) for part in parts], axis=0)


def _outputs(x, past, kernel, recurrent_kernel, bias):
    dtype, batch, length = x.dtype, x.shape[0] or tf.shape(x)[0], tf.shape(x)[1]
    dilation, units = past.shape[1:]
    wide = tf.float32  # numbers of 16 bits do for a product, not for a state, which adds up
    bias, inner_bias = tf.unstack(tf.cast(bias, wide))
    bias += tf.pad(inner_bias[: 2 * units], [(0, units)])  # the reset gate scales the rest

    # Time first: then `dilation` neighbouring steps, of all sequences, are one step of the loop.
    x = tf.pad(tf.transpose(x, (1, 0, 2)), ((0, -length % dilation), (0, 0), (0, 0)))
    x = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), tf.cast(kernel, dtype))
    x = tf.reshape(tf.cast(x, wide) + bias, (-1, dilation * batch, 3 * units))
    state = tf.reshape(tf.transpose(tf.cast(past, wide), (1, 0, 2)), (dilation * batch, units))
    outputs = _recur(x, state, tf.cast(recurrent_kernel, wide), inner_bias[2 * units :])
    outputs = tf.reshape(tf.cast(outputs, dtype), (-1, batch, units))
    return tf.transpose(signal.crop(outputs, 0, length, axis=0), (1, 0, 2))


@tf.custom_gradient
def _recur(x, state, kernel, bias):
    # No tape may look inside: what it would keep of the loop cannot leave XLA.
    states, slope_n, *slopes = _forward(*map(tf.stop_gradient, (x, state, kernel, bias)))

    def gradient(d_outputs):
        d_state, d_states, d_z, d_r, d_n = _backward(*slopes, tf.transpose(kernel), d_outputs)
        d_x = tf.concat([d_z, d_r, d_states * slope_n], axis=-1)
        d_inner = tf.reshape(tf.concat([d_z, d_r, d_n], axis=-1), (-1, kernel.shape[1]))
        before = tf.reshape(states[:-1], (-1, kernel.shape[0]))
        d_kernel = tf.matmul(before, d_inner, transpose_a=True)
        d_bias = tf.reduce_sum(d_n, axis=(0, 1))
        return [_once(gradient) for gradient in (d_x, d_state, d_kernel, d_bias)]

    return states[1:], gradient


@tf.function(jit_compile=tf.test.is_built_with_xla())
def _forward(x, state, kernel, bias):
    """All states, the first one too, and how each changes with what it is made of.

    These slopes are with respect to what `x` adds to the candidate; to the sums in the update and
    in the reset gate; to what `state @ kernel` adds to the candidate; and to the state before, as
    far as the update gate hands it on.
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
    """The gradients of the first state, all states, and, for each gate, `states @ kernel`."""
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
    """Whether a step is faster with a product for each gate than with one for all.

    XLA shares a product among the cores and waits for them, unless it is small: as long as a
    product for one gate is, three of them on one core win. Measured with two cores.
    """
    return rows is not None and units <= 256 and rows * units * units <= 2**20


def _by_gate(state, kernels):
    """`state @ kernel`: what belongs to the update gate, to the reset gate, to the candidate."""
    products = [tf.matmul(state, kernel) for kernel in kernels]
    return products if len(products) == 3 else tf.split(*products, 3, axis=1)


def _from_gates(d_gates, kernels):
    """The gradient of a state from those of its three products; `kernels` are transposed."""
    if len(kernels) == 1:
        return tf.matmul(tf.concat(d_gates, axis=1), *kernels)
    return tf.add_n([tf.matmul(*pair) for pair in zip(d_gates, kernels, strict=True)])


def _once(gradient):
    message = "DilatedGRU has second derivatives with training=False only"
    return tf.raw_ops.PreventGradient(input=gradient, message=message)


def _read(x):
    return tf.TensorArray(x.dtype, tf.shape(x)[0]).unstack(x)


def _write(x, steps):
    return tf.TensorArray(x.dtype, steps)
