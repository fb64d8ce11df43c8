"""The losses that training minimises.

A loss compares an estimate with a target of the same shape `(batch, ...)`, whose last axis is the
source, and returns one number for each example of the batch.
"""

import functools
from collections.abc import Callable

import keras
from keras import ops

from sepmodels import _checks
from sepmodels.signal.tensor import Tensor

LOSSES: dict[str, Callable] = {}


def _loss(function):
    """Register a loss, which computes in the type of the estimate, with Keras and by its name."""

    @functools.wraps(function)
    def loss(target, estimate, *options, **named):
        estimate = ops.convert_to_tensor(estimate)
        target = ops.convert_to_tensor(target, dtype=estimate.dtype)
        return function(target, estimate, *options, **named)

    LOSSES[function.__name__] = loss
    return keras.saving.register_keras_serializable(package="sepmodels")(loss)


@_loss
def l1(target: Tensor, estimate: Tensor) -> Tensor:
    """Mean absolute difference over all axes but the batch."""
    return ops.mean(ops.abs(target - estimate), axis=_inner(target))


@_loss
def mse(target: Tensor, estimate: Tensor) -> Tensor:
    """Mean squared difference over all axes but the batch."""
    return ops.mean(ops.square(target - estimate), axis=_inner(target))


@_loss
def negative_snr(
    target: Tensor, estimate: Tensor, ceiling: float = 30.0, silence: float = 1e-6
) -> Tensor:
    """Negative signal-to-noise ratio in dB, averaged over the sources.

    On waveforms this is the negative of `sepmodels.metrics.sdr` of each example. Loud and soft
    examples have equal weight.

    Args:
        target: tensor `(batch, time, channels, sources)`.
        estimate: tensor of the same shape.
        ceiling: float. In dB. Ratios above it change the loss little, so that one easy example
            does not dominate the others. Defaults to `30.0`.
        silence: float. Power per sample that is added to numerator and denominator: a target of
            less power is treated as silent, and the loss then requires a soft estimate only.
            Defaults to `1e-6`.
    """
    axes = _inner(target)[:-1]
    power = ops.mean(ops.square(target), axis=axes)
    noise = ops.mean(ops.square(target - estimate), axis=axes)
    soft = silence + 10 ** (-ceiling / 10) * power
    ratio = ops.log10(noise + soft) - ops.log10(power + silence)
    return 10.0 * ops.mean(ratio, axis=-1)


@_loss
def mu_law_cross_entropy(target: Tensor, estimate: Tensor) -> Tensor:
    """Cross-entropy of mu-law classes in nats, averaged over all axes but the batch.

    An uninformed estimate, 1/256 for each class, costs `log(256) = 5.545`.

    Args:
        target: tensor `(batch, time, channels, sources)`, classes as from
            `sepmodels.signal.mu_law_encode`.
        estimate: tensor `(batch, time, channels, sources, classes)`, logits.
    """
    classes = ops.cast(target, "int32")
    cost = ops.sparse_categorical_crossentropy(classes, estimate, from_logits=True)
    return ops.mean(cost, axis=_inner(target))


@_loss
def discriminative_l1(target: Tensor, estimate: Tensor) -> Tensor:
    """Mean absolute difference from the first source, less 0.05 times that from the second source.

    The estimate of the first source should be close to its target and far from that of the other
    source. The estimate of the second source is not used: it is the mixture less the first
    estimate. The loss of a good estimate is negative.

    Args:
        target: tensor `(batch, ..., 2)`, such as vocals and accompaniment.
        estimate: tensor of the same shape.

    Raises:
        ValueError: there are not two sources.

    Reference:

    - Lluís, Pons and Serra (2019). "End-to-End Music Source Separation: Is It Possible in the
      Waveform Domain?". [arXiv:1810.12187](https://arxiv.org/abs/1810.12187)
    """
    rule = "loss='discriminative_l1' requires 2 sources, such as vocals and accompaniment"
    _checks.require(target.shape[-1] == 2, rule, shape=tuple(target.shape))
    (own, other), (first, _) = (ops.split(signals, 2, axis=-1) for signals in (target, estimate))
    return l1(own, first) - 0.05 * l1(other, first)


# Weights of `deep_conv_sep` by the number of sources: row `s`, column `t` belongs to the squared
# distance of estimate `s` from true source `t`.
_DISCRIMINATIVE = {
    2: ((1.0, -0.02), (0.0, 0.9)),
    4: (
        (1.0, -0.001, -0.001, -0.03),
        (-0.001, 1.0, -0.001, -0.01),
        (-0.001, -0.001, 1.0, -0.01),
        (0.0, 0.0, 0.0, 0.0),
    ),
}


@_loss
def deep_conv_sep(target: Tensor, estimate: Tensor) -> Tensor:
    """Squared distance from the true source, less a fraction of that from the other sources.

    The loss of `models.DeepConvSep`. The authors take the absolute value of the sum over a
    whole batch; here each example returns its share of that value. The terms are summed, not
    averaged, which suits their optimizer, Adadelta. Of four sources, the fourth has no term of
    its own: it is trained only through the masks, which sum to one.

    Args:
        target: tensor `(batch, ..., sources)` of magnitudes. Four sources in the order
            vocals, bass, drums, other, or two in the order vocals, accompaniment.
        estimate: tensor of the same shape.

    Raises:
        ValueError: there are neither two nor four sources.

    Reference:

    - Chandna, Miron, Janer and Gómez (2017). "Monoaural Audio Source Separation Using Deep
      Convolutional Neural Networks". LVA/ICA 2017.
    """
    sources = target.shape[-1]
    rule = "loss='deep_conv_sep' requires vocals, bass, drums, other, or vocals, accompaniment"
    _checks.require(sources in _DISCRIMINATIVE, rule, shape=tuple(target.shape))
    targets, estimates = ops.unstack(target, axis=-1), ops.unstack(estimate, axis=-1)
    total = 0.0
    for source, weights in enumerate(_DISCRIMINATIVE[sources]):
        for other, weight in enumerate(weights):
            if weight:
                distance = ops.square(estimates[source] - targets[other])
                total = total + weight * ops.sum(distance, axis=_inner(distance))
    return total * ops.sign(ops.sum(total))


def _inner(tensor):
    return tuple(range(1, len(tensor.shape)))


def get(name: str) -> Callable:
    """Return the loss of a name.

    Args:
        name: str. One of `"deep_conv_sep"`, `"discriminative_l1"`, `"l1"`, `"mse"`,
            `"mu_law_cross_entropy"`, `"negative_snr"`.

    Raises:
        ValueError: there is no such loss.

    Example:

    >>> float(sm.losses.get("l1")(np.ones((1, 4)), np.zeros((1, 4)))[0])
    1.0
    """
    _checks.one_of(loss=(name, LOSSES))
    return LOSSES[name]
