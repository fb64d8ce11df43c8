"""`DomainClassifier`: estimates the domain of an encoding."""

import keras
from keras import ops

from sepmodels.layers.registration import register
from sepmodels.models.base.serializable import SerializableModel
from sepmodels.models.base.torch_layers import convolve


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

    def __init__(self, domains, latent_filters=64, filters=100, **kwargs):
        # === Functional model ===
        latent = x = keras.Input((None, latent_filters), name="latent")
        for index in range(3):
            x = convolve(x, filters, 1, f"hidden_{index}", activation="elu")
        x = convolve(x, domains, 1, "logits")
        super().__init__(latent, ops.mean(ops.cast(x, "float32"), axis=1), **kwargs)
