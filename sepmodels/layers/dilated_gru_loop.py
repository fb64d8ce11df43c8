"""The loop of a dilated GRU while it trains on a CPU, with the gradient written by hand.

What TensorFlow derives from a loop multiplies small matrices, step by step, wherever the loop does.
Here the loops hold only what has to wait for the step before, and XLA makes one kernel of it; each
weight matrix gets its gradient from one large product afterwards.
"""

import keras
import tensorflow as tf
from keras import activations


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
    # XLA runs a loop on one core. The sequences are independent, so two cores share them.
    half = batch // 2
    parts = (x[:half], past[:half]), (x[half:], past[half:])
    return tf.concat([_outputs(*part, *weights) for part in parts], axis=0)


def _outputs(x, past, kernel, recurrent_kernel, bias):
    dtype, (batch, length) = x.dtype, tf.unstack(tf.shape(x)[:2])
    dilation, units = past.shape[1:]
    wide = tf.float32  # numbers of 16 bits do for a product, not for a state, which adds up

    # Time first: then `dilation` neighbouring steps, of all sequences, are one step of the loop.
    x = tf.pad(tf.transpose(x, (1, 0, 2)), ((0, -length % dilation), (0, 0), (0, 0)))
    x = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), tf.cast(kernel, dtype))
    x = tf.reshape(tf.cast(x, wide), (-1, dilation * batch, 3 * units))
    state = tf.reshape(tf.transpose(tf.cast(past, wide), (1, 0, 2)), (-1, units))
    outputs = _recur(x, state, tf.cast(recurrent_kernel, wide), tf.cast(bias, wide))
    outputs = tf.reshape(tf.cast(outputs, dtype), (-1, batch, units))[:length]
    return tf.transpose(outputs, (1, 0, 2))


@tf.custom_gradient
def _recur(x, state, kernel, bias):
    # No tape may look inside: what it would keep of the loop cannot leave XLA.
    states, inner = _forward(*map(tf.stop_gradient, (x, state, kernel, bias)))

    def gradient(d_outputs):
        d_x, d_inner, d_state, d_bias = _backward(
            x, inner, states, tf.transpose(kernel), bias, d_outputs
        )
        before = tf.reshape(states[:-1], (-1, kernel.shape[0]))
        d_inner = tf.reshape(d_inner, (-1, kernel.shape[1]))
        d_kernel = tf.matmul(before, d_inner, transpose_a=True)
        return [_once(gradient) for gradient in (d_x, d_state, d_kernel, d_bias)]

    return states[1:], gradient


@tf.function(jit_compile=tf.test.is_built_with_xla())
def _forward(x, state, kernel, bias):
    """All states, the first one too, and `states @ kernel`."""
    steps = tf.shape(x)[0]
    xs, inners = _read(x), _write(x, steps)
    states = _write(x, steps + 1).write(0, state)

    def step(t, state, states, inners):
        inner = tf.matmul(state, kernel)
        update, _, _, candidate = _gates(xs.read(t), inner, bias)
        state = candidate + update * (state - candidate)
        return t + 1, state, states.write(t + 1, state), inners.write(t, inner)

    start = 0, state, states, inners
    _, _, states, inners = tf.while_loop(lambda t, *_: t < steps, step, start)
    return states.stack(), inners.stack()


@tf.function(jit_compile=tf.test.is_built_with_xla())
def _backward(x, inner, states, transposed, bias, d_outputs):
    """The gradients of the inputs, of `states @ kernel`, of the first state and of the bias."""
    steps = tf.shape(x)[0]
    xs, inners, befores, d_outputs = _read(x), _read(inner), _read(states), _read(d_outputs)

    def step(t, d_state, d_bias, d_xs, d_inners):
        d_state += d_outputs.read(t)
        update, reset, inner_n, candidate = _gates(xs.read(t), inners.read(t), bias)
        d_n = d_state * (1 - update) * (1 - candidate * candidate)
        d_z = d_state * (befores.read(t) - candidate) * update * (1 - update)
        d_r = d_n * inner_n * reset * (1 - reset)
        d_x = tf.concat([d_z, d_r, d_n], axis=1)
        d_inner = tf.concat([d_z, d_r, d_n * reset], axis=1)
        d_bias += tf.stack([tf.reduce_sum(d_x, 0), tf.reduce_sum(d_inner, 0)])
        d_state = d_state * update + tf.matmul(d_inner, transposed)
        return t - 1, d_state, d_bias, d_xs.write(t, d_x), d_inners.write(t, d_inner)

    gates = _write(x, steps)
    start = steps - 1, tf.zeros_like(states[0]), tf.zeros_like(bias), gates, gates
    _, d_state, d_bias, d_xs, d_inners = tf.while_loop(lambda t, *_: t >= 0, step, start)
    return d_xs.stack(), d_inners.stack(), d_state, d_bias


def _gates(x, inner, bias):
    """Update and reset gate, what the reset gate scales, the candidate for the new state."""
    units = x.shape[-1] // 3
    both = tf.sigmoid(x[:, : 2 * units] + inner[:, : 2 * units] + (bias[0] + bias[1])[: 2 * units])
    update, reset = both[:, :units], both[:, units:]
    inner_n = inner[:, 2 * units :] + bias[1, 2 * units :]
    candidate = tf.tanh(x[:, 2 * units :] + bias[0, 2 * units :] + reset * inner_n)
    return update, reset, inner_n, candidate


def _once(gradient):
    message = "DilatedGRU has second derivatives with training=False only"
    return tf.raw_ops.PreventGradient(input=gradient, message=message)


def _read(x):
    return tf.TensorArray(x.dtype, tf.shape(x)[0]).unstack(x)


def _write(x, steps):
    return tf.TensorArray(x.dtype, steps)
