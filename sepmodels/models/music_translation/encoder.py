"""`TranslationEncoder`: the encoding of music that all domains share."""

import keras

from sepmodels import _checks
from sepmodels.layers.registration import register
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.models.base.torch_layers import convolve, make_residual_block


@register
class TranslationEncoder(SerializableModel):
    """Encodes what is played, without the timbre: a short vector every 50 ms.

    Stacks of residual layers with non-causal dilated convolutions, a 1x1 convolution to
    a few channels, and the mean of each piece over time. The melody passes through this
    bottleneck; the timbre need not, as the decoder of a domain has learned it.

    Args:
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples per vector of the encoding. Defaults to `800`, 50 ms at 16 kHz.
        depth: int. Layers in a stack; their dilations double from 1. Defaults to `10`.
        stacks: int. How many stacks. Defaults to `3`.
        preactivation: bool. Whether a ReLU also precedes the dilated convolution, as in the
            paper; the authors' code has only the one after it. Defaults to `False`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, 1)`, mu-law levels in [-0.5, 0.5]; the time is a multiple of `pooling`.

    Output shape:
        `(batch, time / pooling, latent_filters)`.

    Raises:
        ValueError: if a number is not positive, or the time is no multiple of `pooling`.

    Example:

    >>> encoder = sm.models.TranslationEncoder(filters=8, latent_filters=4, depth=2)
    >>> tuple(encoder(np.zeros((1, 16000, 1), dtype="float32")).shape)
    (1, 20, 4)

    Reference:

    - Mor, Wolf, Polyak and Taigman (2019), section 3. "A Universal Music Translation Network".
      [arXiv:1805.07848](https://arxiv.org/abs/1805.07848)
    """

    def __init__(
        self,
        filters=128,
        latent_filters=64,
        pooling=800,
        depth=10,
        stacks=3,
        preactivation=False,
        **kwargs,
    ):
        _checks.positive(pooling=pooling, depth=depth, stacks=stacks)

        # === Functional model ===
        levels = keras.Input((None, 1), name="levels")
        x = convolve(levels, filters, 3, "front")
        for index in range(depth * stacks):
            options = {"dilation": 2 ** (index % depth), "preactivation": preactivation}
            x = make_residual_block(filters, 3, f"block_{index}", activation="relu", **options)(x)
        x = convolve(x, latent_filters, 1, "latent")
        x = keras.layers.AveragePooling1D(pooling, dtype="float32", name="pool")(x)
        super().__init__(levels, x, **kwargs)

    def call(self, inputs, training=None, mask=None):
        _checks.require(
            inputs.shape[1] is None or inputs.shape[1] % self.pooling == 0,
            f"the time must be a multiple of pooling={self.pooling}: pad with silence",
            time=inputs.shape[1],
        )
        return super().call(inputs, training=training, mask=mask)
