"""`WeightNormalization`: a weight as the product of a length and a direction."""

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.registration import register
from sepmodels.layers.streaming import StreamingConvolution
from sepmodels.signal.tensor import Tensor

_WRAPPABLE = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_APPLIED_AFTER = {"use_bias": False, "activation": None, "activity_regularizer": None}


@register
class WeightNormalization(keras.layers.Layer):
    """Wraps a convolution or dense layer so that its weight is `w = g v / |v|`.

    The norm is taken per output channel, over all other axes of the kernel `v`. The gain `g`
    starts as `|v|`, so a new wrapper computes what the layer alone would compute.

    The wrapped operation is linear in its kernel, so `g / |v|` is applied to its output. The
    result is the same, with less work than rescaling the kernel if the input is short. Bias,
    activation and activity regularizer of the layer follow the gain; its kernel regularizer and
    constraint act on `v`.

    Args:
        layer: `keras.layers.Dense`, `Conv1D`, `Conv2D` or `Conv3D` in `channels_last`, not
            built. Its configuration is used; the wrapper holds the kernel `v` in a layer
            `direction` of the same kind.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...). The wrapped layer
            takes the dtype policy of the wrapper.

    Input shape:
        That of `layer`. A mask is passed on if `layer` does so.

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

    def __init__(self, layer: keras.layers.Layer, **kwargs):
        # Depthwise and transposed kernels keep their output channels on another axis.
        kinds = ", ".join(kind.__name__ for kind in _WRAPPABLE)
        _checks.require(type(layer) in _WRAPPABLE, f"layer must be one of {kinds}", layer=layer)
        _checks.require(not layer.built, "layer must not be built yet", layer=layer)
        data_format = getattr(layer, "data_format", "channels_last")
        _checks.one_of(data_format=(data_format, ("channels_last",)))
        super().__init__(activity_regularizer=layer.activity_regularizer, **kwargs)
        self.supports_masking = layer.supports_masking
        self.activation = layer.activation
        # Settings of the wrapped layer that `direction` does not have.
        config = layer.get_config()
        self._wrapped = {key: config[key] for key in ("name", *_APPLIED_AFTER) if key in config}
        policy = layer if _is_quantized(layer) else self
        config |= _APPLIED_AFTER | {"dtype": policy.dtype_policy, "name": "direction"}
        self.direction = type(layer).from_config(config)

    def build(self, input_shape: tuple) -> None:
        self.direction.build(input_shape)
        channels = self.direction.kernel.shape[-1]
        self.gain = self.add_weight(name="gain", shape=(channels,), initializer="ones")
        if not _is_quantized(self.direction):  # such a kernel is about to be loaded
            self.gain.assign(self._norm())
        self.bias = None
        if self._wrapped["use_bias"]:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels,),
                initializer=self.direction.bias_initializer,
                regularizer=self.direction.bias_regularizer,
                constraint=self.direction.bias_constraint,
            )

    def _norm(self):
        kernel = ops.convert_to_tensor(self.direction.kernel)
        if _is_quantized(self.direction):  # the stored integers are scaled; the identity is not
            kernel = self.direction(ops.eye(self.direction.input_spec.axes[-1]))
        return ops.sqrt(ops.sum(kernel**2, axis=tuple(range(len(kernel.shape) - 1))))

    def call(self, inputs: Tensor) -> Tensor:
        scale = ops.convert_to_tensor(self.gain) / self._norm()
        outputs = self.direction(inputs) * ops.cast(scale, self.compute_dtype)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def make_streaming(self, batch_size: int) -> StreamingConvolution:
        return StreamingConvolution(self, self.direction, batch_size)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self.direction.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        config = super().get_config()
        config.pop("activity_regularizer", None)  # the layer has it
        layer = keras.saving.serialize_keras_object(self.direction)
        layer.pop("build_config", None)
        layer["config"] |= self._wrapped
        return {**config, "layer": layer}

    @classmethod
    def from_config(cls, config: dict) -> "WeightNormalization":
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})


def _is_quantized(layer):
    return isinstance(layer.dtype_policy, keras.dtype_policies.QuantizedDTypePolicy)
