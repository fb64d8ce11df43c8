"""`TranslationDecoder`: a WaveNet that turns encodings into the sound of one domain."""

import keras
import numpy as np
from keras import ops

from sepmodels import _checks
from sepmodels.layers.gated_residual_block import sum_skips
from sepmodels.layers.registration import register
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.models.base.torch_layers import convolve, make_residual_block
from sepmodels.models.music_translation.levels import CLASSES
from sepmodels.models.wavenet.network import Network


@register
class TranslationDecoder(SerializableModel):
    """A WaveNet of one domain, conditioned on an encoding.

    For every sample it gives the logits of its mu-law class, given the samples before it and
    the encoding. A vector of the encoding holds until the next one, and is added in every layer
    and in the head. What the authors' code creates and never uses is left out: the residual
    convolution of the last layer.

    Args:
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples per vector of the encoding. Defaults to `800`.
        depth: int. Layers in a stack; their dilations double from 1. Defaults to `10`.
        stacks: int. How many stacks. Defaults to `4`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        A list of `(batch, time, 1)`, mu-law levels in [-0.5, 0.5] of the samples themselves,
        and of `(batch, time / pooling, latent_filters)`.

    Output shape:
        `(batch, time, 256)`, logits.

    Raises:
        ValueError: if a number is not positive.

    Example:

    >>> decoder = sm.models.TranslationDecoder(filters=8, latent_filters=4, depth=2)
    >>> levels, latent = np.zeros((1, 1600, 1)), np.zeros((1, 2, 4))
    >>> tuple(decoder([levels, latent]).shape)
    (1, 1600, 256)

    Reference:

    - Mor, Wolf, Polyak and Taigman (2019), section 3. "A Universal Music Translation Network".
      [arXiv:1805.07848](https://arxiv.org/abs/1805.07848)
    """

    def __init__(self, filters=128, latent_filters=64, pooling=800, depth=10, stacks=4, **kwargs):
        _checks.positive(pooling=pooling, depth=depth, stacks=stacks)

        # === Functional model ===
        levels = keras.Input((None, 1), name="levels")
        latent = keras.Input((None, latent_filters), name="latent")
        held = ops.repeat(latent, pooling, axis=1)
        before = ops.pad(levels, ((0, 0), (1, 0), (0, 0)))[:, :-1]  # shifted by one sample
        x = convolve(before, filters, 2, "front", padding="causal")
        blocks = (
            make_residual_block(
                filters,
                2,
                f"block_{index}",
                dilation=2 ** (index % depth),
                skip_filters=filters,
                residual=index < depth * stacks - 1,
                causal=True,
            )
            for index in range(depth * stacks)
        )
        x = sum_skips(blocks, x, [held], convolve(x, filters, 1, "front_skip"))
        x = convolve(ops.relu(x), filters, 1, "head")
        x = x + convolve(held, filters, 1, "head_condition")
        x = convolve(ops.relu(x), CLASSES, 1, "logits")
        super().__init__([levels, latent], ops.cast(x, "float32"), **kwargs)

    def to_network(self):
        """The weights as `sepmodels.models.wavenet.generation.sample` reads them.

        Before the first sample the input is level 0, which belongs to no class and becomes a
        class of its own.
        """
        return Network.from_model(self, [*(np.arange(CLASSES) / (CLASSES - 1) - 0.5), 0.0])
