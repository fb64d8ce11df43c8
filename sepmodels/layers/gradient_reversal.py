"""`GradientReversal`: identity forward, negated gradient backward."""

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.registration import register
from sepmodels.signal.tensor import Tensor


@register
class GradientReversal(keras.layers.Layer):
    """Identity forward, minus `scale` times the gradient backward.

    Between an encoder and a domain classifier it trains both in one step: the classifier learns to
    distinguish the domains, and the encoder learns to make them indistinguishable.

    Args:
        scale: float. Weight of the reversed gradient, which does not affect the forward pass.
            Defaults to `1.0`.
        **kwargs: Passed to `keras.layers.Layer` (`name`, `dtype`, ...).

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: if `scale` is negative, which would not reverse the gradient.

    Example:

    >>> latent = np.array([[0.5, -2.0]], dtype="float32")
    >>> np.array(sm.layers.GradientReversal(scale=0.01)(latent)).tolist()
    [[0.5, -2.0]]

    Reference:

    - Ganin et al. (2016), section 4.2. "Domain-Adversarial Training of Neural Networks".
      [arXiv:1505.07818](https://arxiv.org/abs/1505.07818)
    """

    def __init__(self, scale: float = 1.0, **kwargs):
        _checks.at_least(0, scale=scale)
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        @ops.custom_gradient
        def reverse(x):
            def gradient(*arguments, upstream=None):
                # TensorFlow passes the gradient by position, other backends by name.
                return -self.scale * (arguments[-1] if upstream is None else upstream)

            return x, gradient

        return reverse(inputs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
