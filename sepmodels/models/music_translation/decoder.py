"""`TranslationDecoder`: plays, in one domain, what it is told."""

import keras
import numpy as np
from keras import ops

from sepmodels import _checks
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.initializer import torch_uniform
from sepmodels.models.base.trainable import Trainable
from sepmodels.models.music_translation.encoder import convolution
from sepmodels.models.wavenet.block_weights import of_blocks
from sepmodels.models.wavenet.generation import Network

CLASSES = 256


@keras.saving.register_keras_serializable(package="sepmodels")
class TranslationDecoder(keras.Model):
    """A WaveNet that knows the sound of one domain and is told what to play.

    For every sample it gives the logits of its mu-law class, from the samples before it and from
    the encoding. A vector of the encoding holds until the next one, and is added in every layer
    and in the head. What the authors' code creates and never uses is left out: the residual
    convolution of the last layer.

    Args:
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples for which a vector stands. Defaults to `800`.
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
        x = convolution(filters, "front", kernel_size=2, padding="causal")(before)
        total = convolution(filters, "front_skip")(x)
        last = depth * stacks - 1
        for index in range(last + 1):
            block = GatedResidualBlock(
                filters,
                kernel_size=2,
                dilation=2 ** (index % depth),
                skip_filters=filters,
                residual=index < last,
                causal=True,
                kernel_initializer=torch_uniform(),
                name=f"block_{index}",
            )
            x, skip = block([x, held]) if index < last else (None, block([x, held]))
            total = total + skip
        x = convolution(filters, "head")(ops.relu(total))
        x = x + convolution(filters, "head_condition")(held)
        x = convolution(CLASSES, "logits")(ops.relu(x))
        super().__init__([levels, latent], ops.cast(x, "float32"), **kwargs)

        # === Config ===
        self.filters = filters
        self.latent_filters = latent_filters
        self.pooling = pooling
        self.depth = depth
        self.stacks = stacks

    get_config = Trainable.get_config

    def network(self):
        """The weights, as `sepmodels.models.wavenet.generation.sample` reads them.

        What comes before the first sample is level 0, which no class has: it gets one of its own.
        """
        front, front_bias = self.get_layer("front").get_weights()
        front_skip, front_skip_bias = self.get_layer("front_skip").get_weights()
        fields = of_blocks(self)
        head, head_bias = self.get_layer("head").get_weights()
        head_condition, head_condition_bias = self.get_layer("head_condition").get_weights()
        logits, logits_bias = self.get_layer("logits").get_weights()
        values = np.append(np.arange(CLASSES) / (CLASSES - 1) - 0.5, 0.0).astype("float32")
        table = values[:, None] * front
        table[-1] += front_bias
        fields["skip"] = np.concatenate([front_skip[0], fields["skip"]])
        fields["skip_bias"] = front_skip_bias + fields["skip_bias"]
        return Network(
            **fields,
            front=table,
            head=head[0],
            head_bias=head_bias + head_condition_bias,
            logits=logits[0],
            logits_bias=logits_bias,
            head_condition=head_condition[0],
            silence=CLASSES,
        )
