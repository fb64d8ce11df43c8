"""`TiedTranspose`: the transpose of a convolution, with the kernel of that convolution."""

from collections.abc import Sequence

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class TiedTranspose(keras.layers.Layer):
    """The transpose of a convolution, as a decoder without weights of its own.

    A convolution multiplies with a matrix; this layer multiplies with the transposed matrix, which
    maps every feature back to its position in the input. Both layers read and train one variable,
    the kernel of the convolution. There is no bias and no activation.

    The output of a convolution with strides does not determine the length of its input, so the
    last input of the layer is a tensor of the shape to restore. Positions that the convolution
    skipped are restored as zeros.

    Args:
        convolution: `keras.layers.Conv1D` or `Conv2D` with `padding="valid"`, without
            dilation or groups. It is shared, not copied.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        `(features, like)`: a tensor of the shape that `convolution` returns, and one of the
        shape of its input, of which only the shape is used.

    Output shape:
        That of `like`.

    Raises:
        ValueError: if `convolution` is of another kind, padded, dilated or grouped.

    Example:

    >>> frames = np.zeros((2, 30, 513, 1), dtype="float32")
    >>> encode = keras.layers.Conv2D(8, (1, 30), strides=(1, 3), use_bias=False)
    >>> decode = sm.layers.TiedTranspose(encode)
    >>> tuple(decode((encode(frames), frames)).shape)
    (2, 30, 513, 1)
    >>> [weight is encode.kernel for weight in decode.weights]
    [True]

    Reference:

    - Chandna, Miron, Janer and Gómez (2017). "Monoaural Audio Source Separation Using Deep
      Convolutional Neural Networks". LVA/ICA 2017.
    """

    def __init__(self, convolution: keras.layers.Conv1D | keras.layers.Conv2D, **kwargs):
        known = type(convolution) in (keras.layers.Conv1D, keras.layers.Conv2D)
        rule = "convolution must be a Conv1D or Conv2D"
        _checks.require(known, rule, convolution=convolution)
        plain = {"padding": "valid", "groups": 1, "data_format": "channels_last"}
        plain["dilation_rate"] = (1,) * convolution.rank
        for name, value in plain.items():
            found, rule = getattr(convolution, name), f"convolution must have {name}={value!r}"
            _checks.require(found == value, rule, **{name: found})
        super().__init__(**kwargs)

    def build(self, input_shape: tuple) -> None:
        if not self.convolution.built:
            self.convolution.build(input_shape[1])

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        features, like = inputs
        kernel = ops.cast(self.convolution.kernel, self.compute_dtype)
        strides = self.convolution.strides
        if kernel.shape[:-3] + strides[:-1] == (1, 1) and features.shape[-2] == 1:
            # A filter that spans all bins: one product, which TensorFlow does 40 times as fast.
            outputs = ops.einsum("btpf,pkcf->btkc", features, kernel)
        else:
            outputs = ops.conv_transpose(features, kernel, strides, padding="valid")
        # With strides, no filter may cover the last positions.
        outputs = ops.pad(outputs, [[0, 0], *([0, stride] for stride in strides), [0, 0]])
        return ops.slice(outputs, [0] * len(like.shape), ops.shape(like))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return tuple(input_shape[1])
