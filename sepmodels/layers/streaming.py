"""Layers that continue from one block of a stream to the next.

A layer of this library that can run on a stream has a method `make_streaming(batch_size)`, which
returns a layer with the same weights that keeps what the next block needs. `make_streaming`
here also accepts the layers of Keras that separators use.
"""

import keras
from keras import ops

from sepmodels import _checks

# Layers of Keras that treat every step by itself, and need no memory.
_POINTWISE = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.LeakyReLU,
    keras.layers.Reshape,
)


def make_streaming(layer, batch_size):
    """Return the streaming form of a layer of a causal model.

    Args:
        layer: `keras.layers.Layer` or `keras.Operation`, such as `clone_model` passes it.
        batch_size: int. Sequences that are streamed at the same time.

    Returns:
        A layer that shares the weights of `layer`. Called with the blocks of a sequence, one after
        another, it returns the blocks of what `layer` returns for the whole sequence.

    Raises:
        ValueError: if the layer needs future steps, or is of an unknown kind.
    """
    if hasattr(layer, "make_streaming"):
        return layer.make_streaming(batch_size)
    if isinstance(layer, keras.layers.Conv1D):
        return StreamingConvolution(layer, layer, batch_size)
    if isinstance(layer, keras.layers.Layer) and not isinstance(layer, _POINTWISE):
        raise ValueError(f"{layer.name}, a {type(layer).__name__}, cannot run on a stream")
    return layer


class StreamingLayer(keras.layers.Layer):
    """Base class: a layer together with a memory of the last steps.

    Args:
        layer: `keras.layers.Layer`. What is called.
        shape: tuple of int. Shape of the memory, `(batch, steps, channels)`.
    """

    def __init__(self, layer, shape):
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer
        options = {"initializer": "zeros", "trainable": False, "dtype": self.compute_dtype}
        self.memory = self.add_weight(shape, **options)


class StreamingConvolution(StreamingLayer):
    """A causal convolution that begins with the last steps of the previous block.

    Args:
        layer: `keras.layers.Layer`. What is called.
        convolution: `keras.layers.Conv1D`. The convolution in it, or `layer` itself.
        batch_size: int. Sequences that are streamed at the same time.
    """

    def __init__(self, layer, convolution, batch_size):
        rule = f"{layer.name} must have padding='causal' and strides=1 to run on a stream"
        given = {"padding": convolution.padding, "strides": convolution.strides}
        _checks.require(given == {"padding": "causal", "strides": (1,)}, rule, **given)
        steps = (convolution.kernel_size[0] - 1) * convolution.dilation_rate[0]
        channels = convolution.kernel.shape[1] * convolution.groups
        super().__init__(layer, (batch_size, steps, channels))

    def call(self, block):
        block, steps = ops.concatenate([self.memory, block], axis=1), self.memory.shape[1]
        self.memory.assign(block[:, ops.shape(block)[1] - steps :])
        return self.layer(block)[:, steps:]


class StreamingRecurrence(StreamingLayer):
    """A dilated recurrent layer that begins with the states of the previous block."""

    def __init__(self, layer, batch_size):
        super().__init__(layer, (batch_size, layer.dilation, layer.units))

    def call(self, block, mask=None):  # there is none, but Keras passes the argument
        # The loop of a GRU needs states whose batch size is as unknown as that of its input.
        batch_size, dilation, _ = self.memory.shape
        rows = ops.arange(batch_size + 0 * ops.shape(block)[1])
        states = ops.unstack(ops.take(self.memory, rows, axis=0), dilation, axis=1)[::-1]
        _, outputs, states = self.layer.inner_loop(block, states, None)
        self.memory.assign(ops.stack(states[::-1], axis=1))  # newest last
        return outputs
