"""`TranslationDecoder`: plays, in one domain, what it is told."""

import keras
import numpy as np
from keras import ops

from sepmodels.generation import Network
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.models.trainable import Trainable
from sepmodels.models.translation_encoder import convolution, initializer

CLASSES = 256


@keras.saving.register_keras_serializable(package="sepmodels")
class TranslationDecoder(keras.Model):
    """A WaveNet that knows one domain and is told what to play.

    It gives for every sample the logits of its mu-law class, from the samples before and from the
    encoding, which is held until the next vector and added in every layer and in the head.

    What the authors' code creates and never uses is left out: the residual convolution of the
    last layer.

    Args:
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples for which a vector stands. Defaults to `800`.
        depth: int. Layers in a stack; their dilations double from 1. Defaults to `10`.
        stacks: int. Defaults to `4`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        A list of `(batch, time, 1)`, mu-law levels in [-0.5, 0.5] of the samples themselves,
        and of `(batch, time / pooling, latent_filters)`.

    Output shape:
        `(batch, time, 256)`, logits.

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
                kernel_initializer=initializer(),
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
        """The weights as `sepmodels.generation.sample` reads them.

        A class beyond the others has level 0, which comes before the first sample.
        """
        blocks = [layer for layer in self.layers if isinstance(layer, GatedResidualBlock)]
        front, front_bias = self.get_layer("front").get_weights()
        front_skip, front_skip_bias = self.get_layer("front_skip").get_weights()
        dilated, inner_biases = _stacked([block.dilated for block in blocks])
        conditions, condition_biases = _stacked([block.conditioners[0] for block in blocks])
        residuals, residual_biases = _stacked([block.to_residual for block in blocks[:-1]])
        skips, skip_biases = _stacked([block.to_skip for block in blocks])
        head, head_bias = self.get_layer("head").get_weights()
        head_condition, head_condition_bias = self.get_layer("head_condition").get_weights()
        logits, logits_bias = self.get_layer("logits").get_weights()
        values = np.append(np.arange(CLASSES) / (CLASSES - 1) - 0.5, 0.0).astype("float32")
        table = values[:, None] * front
        table[-1] += front_bias
        return Network(
            front=table,
            dilations=np.array([block.dilation for block in blocks]),
            dilated=dilated,
            inner_bias=inner_biases + condition_biases,
            residual=residuals[:, 0],
            residual_bias=residual_biases,
            skip=np.concatenate([front_skip[0], *skips[:, 0]]),
            skip_bias=front_skip_bias + skip_biases.sum(axis=0),
            head=head[0],
            head_bias=head_bias + head_condition_bias,
            logits=logits[0],
            logits_bias=logits_bias,
            condition=conditions[:, 0].swapaxes(0, 1),
            head_condition=head_condition[0],
            silence=CLASSES,
        )


def _stacked(convolutions):
    """Kernels and biases of like convolutions."""
    weights = [convolution.get_weights() for convolution in convolutions]
    return [np.stack(alike) for alike in zip(*weights, strict=True)]
