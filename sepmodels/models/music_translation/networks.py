"""The networks of `MusicTranslation`: encoder, domain classifier and decoder; and their input."""

import keras
import numpy as np
from keras import ops

from sepmodels import _checks, signal
from sepmodels.layers.gated_residual_block import stack_blocks, sum_skips
from sepmodels.layers.registration import register
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.models.base.torch_layers import convolve, make_residual_block
from sepmodels.models.wavenet.network import Network
from sepmodels.signal.tensor import Tensor

CLASSES = 256


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
        filters: int = 128,
        latent_filters: int = 64,
        pooling: int = 800,
        depth: int = 10,
        stacks: int = 3,
        preactivation: bool = False,
        **kwargs,
    ):
        _checks.positive(pooling=pooling, depth=depth, stacks=stacks)

        # === Functional model ===
        levels = keras.Input((None, 1), name="levels")
        x = convolve(levels, filters, 3, "front")
        dilations = [2**index for index in range(depth)] * stacks
        options = {"activation": "relu", "preactivation": preactivation}
        for block in stack_blocks(make_residual_block, dilations, filters, 3, **options):
            x = block(x)
        x = convolve(x, latent_filters, 1, "latent")
        x = keras.layers.AveragePooling1D(pooling, dtype="float32", name="pool")(x)
        super().__init__(levels, x, **kwargs)

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        time = inputs.shape[1]
        rule = f"the time must be a multiple of pooling={self.pooling}: pad with silence"
        _checks.require(time is None or time % self.pooling == 0, rule, time=time)
        return super().call(inputs, training=training, mask=mask)


@register
class DomainClassifier(SerializableModel):
    """Distinguishes the domains by their encodings, while the encoder learns to prevent it.

    Three 1x1 convolutions with ELU, a fourth one that gives a logit for each domain, and the mean
    of the logits over time, as in the authors' code.

    Args:
        domains: int. Number of domains.
        latent_filters: int. Channels of the encoding. Defaults to `64`.
        filters: int. Channels of the hidden layers. Defaults to `100`.
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

    def __init__(self, domains: int, latent_filters: int = 64, filters: int = 100, **kwargs):
        # === Functional model ===
        latent = x = keras.Input((None, latent_filters), name="latent")
        for index in range(3):
            x = convolve(x, filters, 1, f"hidden_{index}", activation="elu")
        x = convolve(x, domains, 1, "logits")
        super().__init__(latent, ops.mean(ops.cast(x, "float32"), axis=1), **kwargs)


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

    def __init__(
        self,
        filters: int = 128,
        latent_filters: int = 64,
        pooling: int = 800,
        depth: int = 10,
        stacks: int = 4,
        **kwargs,
    ):
        _checks.positive(pooling=pooling, depth=depth, stacks=stacks)

        # === Functional model ===
        levels = keras.Input((None, 1), name="levels")
        latent = keras.Input((None, latent_filters), name="latent")
        held = ops.repeat(latent, pooling, axis=1)
        before = ops.pad(levels, ((0, 0), (1, 0), (0, 0)))[:, :-1]  # shifted by one sample
        x = convolve(before, filters, 2, "front", padding="causal")
        dilations = [2**index for index in range(depth)] * stacks
        options = {"skip_filters": filters, "causal": True}
        blocks = stack_blocks(make_residual_block, dilations, filters, 2, **options)
        x = sum_skips(blocks, x, [held], convolve(x, filters, 1, "front_skip"))
        x = convolve(ops.relu(x), filters, 1, "head")
        x = x + convolve(held, filters, 1, "head_condition")
        x = convolve(ops.relu(x), CLASSES, 1, "logits")
        super().__init__([levels, latent], ops.cast(x, "float32"), **kwargs)

    def to_network(self) -> Network:
        """The weights as `sepmodels.models.wavenet.generation.sample` reads them.

        Before the first sample the input is level 0, which belongs to no class and becomes a
        class of its own.
        """
        return Network.from_model(self, [*(np.arange(CLASSES) / (CLASSES - 1) - 0.5), 0.0])


def compute_levels(waves, convention="round"):
    """Mu-law levels in [-0.5, 0.5] of waves in [-1, 1].

    Args:
        waves: tensor of any shape.
        convention: str. As of `signal.mu_law_encode`.
    """
    classes = signal.mu_law_encode(waves, CLASSES, convention)
    return ops.cast(classes, "float32") / (CLASSES - 1) - 0.5


def fold_domains(waves):
    """`(batch, time, domains)` to `(domains * batch, time, 1)`, one domain after the other."""
    return ops.concatenate(ops.split(waves, waves.shape[-1], axis=-1), axis=0)


def unfold_domains(rows, domains):
    """`(domains * batch, ...)`, computed from folded waves, to `(batch, domains, ...)`."""
    return ops.stack(ops.split(rows, domains, axis=0), axis=1)
