"""`WeightNormalization`: the length and the direction of a weight learn apart."""

import keras
from keras import ops

_WRAPPABLE = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


@keras.saving.register_keras_serializable(package="sepmodels")
class WeightNormalization(keras.layers.Layer):
    """Wraps a convolution or dense layer so that its weight is `w = g v / |v|`.

    The norm is taken per output channel, over all other axes of the kernel `v`. The gain `g`
    starts as `|v|`, so a fresh wrapper computes what the bare layer would.

    As the wrapped operation is linear in its kernel, `g / |v|` is applied to the output,
    which is smaller work than rescaling the kernel where the input is short, and the same
    numbers.

    Args:
        layer: `keras.layers.Dense`, `Conv1D`, `Conv2D` or `Conv3D` in `channels_last`, not
            built. Its bias and activation are applied after the gain.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...). The wrapped layer
            takes over the dtype policy of the wrapper.

    Input shape:
        That of `layer`.

    Output shape:
        That of `layer`.

    Raises:
        ValueError: if `layer` is of another kind, is already built, or is `channels_first`.

    Example:

    >>> layer = sm.layers.WeightNormalization(keras.layers.Conv1D(8, 3, padding="same"))
    >>> tuple(layer(np.zeros((2, 16, 4))).shape), layer.count_params()
    ((2, 16, 8), 112)

    Reference:

    - Salimans and Kingma (2016), equation 2. "Weight Normalization: A Simple
      Reparameterization to Accelerate Training of Deep Neural Networks".
      [arXiv:1602.07868](https://arxiv.org/abs/1602.07868)
    """

    def __init__(self, layer, **kwargs):
        # Depthwise and transposed kernels keep their output channels on another axis.
        if type(layer) not in _WRAPPABLE:
            kinds = ", ".join(kind.__name__ for kind in _WRAPPABLE)
            raise ValueError(f"layer must be one of {kinds}. Received: layer={layer!r}")
        if layer.built:
            raise ValueError(f"layer must not be built yet. Received: layer={layer!r}")
        if getattr(layer, "data_format", "channels_last") != "channels_last":
            raise ValueError(
                f"layer must be channels_last. Received: data_format={layer.data_format!r}"
            )
        super().__init__(**kwargs)
        self.layer = layer
        config = layer.get_config() | {
            "use_bias": False,
            "activation": None,
            "dtype": self.dtype_policy,
            "name": "direction",
        }
        self.direction = type(layer).from_config(config)

    def build(self, input_shape):
        self.direction.build(input_shape)
        channels = self.direction.kernel.shape[-1]
        self.gain = self.add_weight(name="gain", shape=(channels,), initializer="ones")
        self.gain.assign(self._norm())
        self.bias = None
        if self.layer.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels,),
                initializer=self.layer.bias_initializer,
                regularizer=self.layer.bias_regularizer,
                constraint=self.layer.bias_constraint,
            )

    def _norm(self):
        kernel = ops.convert_to_tensor(self.direction.kernel)
        return ops.sqrt(ops.sum(kernel**2, axis=tuple(range(len(kernel.shape) - 1))))

    def call(self, inputs):
        scale = ops.convert_to_tensor(self.gain) / self._norm()
        outputs = self.direction(inputs) * ops.cast(scale, self.compute_dtype)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.layer.activation(outputs)

    def compute_output_shape(self, input_shape):
        return self.direction.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
