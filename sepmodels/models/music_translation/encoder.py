"""`TranslationEncoder` hears what is played, `DomainClassifier` what it is played on."""

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.initializer import torch_uniform
from sepmodels.models.base.trainable import Trainable


@keras.saving.register_keras_serializable(package="sepmodels")
class TranslationEncoder(keras.Model):
    """What is played, without the timbre: a wave as a short vector every 50 ms.

    Stacks of residual layers with dilated convolutions that hear both sides, a 1x1 convolution to
    a few channels, and the mean of each piece over time. The melody passes through so narrow a
    place; the sound need not, as the decoder of a domain has learned it.

    Args:
        filters: int. Channels between the layers. Defaults to `128`.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        pooling: int. Samples for which a vector stands. Defaults to `800`, 50 ms at 16 kHz.
        depth: int. Layers in a stack; their dilations double from 1. Defaults to `10`.
        stacks: int. How many stacks. Defaults to `3`.
        preactivation: bool. Whether a ReLU also comes before the dilated convolution, as the
            paper says; the authors' code has the one after it alone. Defaults to `False`.
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
        x = convolution(filters, "front", kernel_size=3, padding="same")(levels)
        for index in range(depth * stacks):
            x = GatedResidualBlock(
                filters,
                kernel_size=3,
                dilation=2 ** (index % depth),
                activation="relu",
                preactivation=preactivation,
                kernel_initializer=torch_uniform(),
                name=f"block_{index}",
            )(x)
        x = convolution(latent_filters, "latent")(x)
        x = keras.layers.AveragePooling1D(pooling, dtype="float32", name="pool")(x)
        super().__init__(levels, x, **kwargs)

        # === Config ===
        self.filters = filters
        self.latent_filters = latent_filters
        self.pooling = pooling
        self.depth = depth
        self.stacks = stacks
        self.preactivation = preactivation

    get_config = Trainable.get_config

    def call(self, inputs, training=None, mask=None):
        if inputs.shape[1] is not None and inputs.shape[1] % self.pooling:
            raise ValueError(
                f"the time must be a multiple of pooling={self.pooling}: pad with silence. "
                f"Received: inputs of shape {tuple(inputs.shape)}"
            )
        return super().call(inputs, training=training, mask=mask)


@keras.saving.register_keras_serializable(package="sepmodels")
class DomainClassifier(keras.Model):
    """Tells the domains apart by their encodings, while the encoder learns to prevent it.

    Three 1x1 convolutions with ELU, a fourth one that gives a logit for each domain, and the mean
    of the logits over time, as in the authors' code.

    Args:
        domains: int. How many.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        filters: int. Channels within. Defaults to `100`.
        **kwargs: Passed to `keras.Model` (`name`, ...).

    Input shape:
        `(batch, time, latent_filters)`.

    Output shape:
        `(batch, domains)`, logits.

    Example:

    >>> classifier = sm.models.DomainClassifier(domains=6)
    >>> tuple(classifier(np.zeros((2, 20, 64), dtype="float32")).shape)
    (2, 6)

    Reference:

    - Mor, Wolf, Polyak and Taigman (2019), section 3. "A Universal Music Translation Network".
      [arXiv:1805.07848](https://arxiv.org/abs/1805.07848)
    """

    def __init__(self, domains, latent_filters=64, filters=100, **kwargs):
        # === Functional model ===
        latent = x = keras.Input((None, latent_filters), name="latent")
        for index in range(3):
            x = convolution(filters, f"hidden_{index}", activation="elu")(x)
        x = convolution(domains, "logits")(x)
        x = ops.mean(ops.cast(x, "float32"), axis=1)
        super().__init__(latent, x, **kwargs)

        # === Config ===
        self.domains = domains
        self.latent_filters = latent_filters
        self.filters = filters

    get_config = Trainable.get_config


def convolution(filters, name, kernel_size=1, **how):
    """A convolution over time that begins as the authors' do."""
    how = {"kernel_initializer": torch_uniform(), **how}
    return keras.layers.Conv1D(filters, kernel_size, name=name, **how)
