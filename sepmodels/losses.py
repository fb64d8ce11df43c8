"""What training minimises.

A loss compares an estimate with a target of the same shape `(batch, ...)` whose last axis
is the source, and returns one number per example of the batch.
"""

from keras import ops


def l1(target, estimate):
    """Mean absolute difference, over everything but the batch."""
    return ops.mean(ops.abs(target - estimate), axis=_inner(target))


def mse(target, estimate):
    """Mean squared difference, over everything but the batch."""
    return ops.mean(ops.square(target - estimate), axis=_inner(target))


def negative_snr(target, estimate, ceiling=30.0, silence=1e-6):
    """Negative signal-to-noise ratio in dB, mean over the sources.

    On waveforms this is the negative SDR that `sepmodels.sdr` reports, one per example. It
    weighs loud and soft examples alike.

    Args:
        target: tensor `(batch, time, channels, sources)`.
        estimate: tensor of the same shape.
        ceiling: float. In dB. Nearer than this counts little, so that one easy example does
            not drown the others.
        silence: float. Power per sample, added to both sides, under which a target counts
            as silent and the loss only asks for a soft estimate.
    """
    axes = _inner(target)[:-1]
    power = ops.mean(ops.square(target), axis=axes)
    noise = ops.mean(ops.square(target - estimate), axis=axes)
    soft = silence + 10 ** (-ceiling / 10) * power
    ratio = ops.log10(noise + soft) - ops.log10(power + silence)
    return 10.0 * ops.mean(ratio, axis=-1)


def mu_law_cross_entropy(target, estimate):
    """Cross-entropy of mu-law classes in nats, mean over everything but the batch.

    Knowing nothing costs `log(256) = 5.545`.

    Args:
        target: tensor `(batch, time, channels, sources)`, classes as from
            `sepmodels.features.mu_law_encode`.
        estimate: tensor `(batch, time, channels, sources, classes)`, logits.
    """
    classes = ops.cast(target, "int32")
    cost = ops.sparse_categorical_crossentropy(classes, estimate, from_logits=True)
    return ops.mean(cost, axis=_inner(target))


def _inner(tensor):
    return tuple(range(1, len(tensor.shape)))


LOSSES = {"l1": l1, "mse": mse, "negative_snr": negative_snr}


def get(name):
    """Returns the loss of that name.

    Args:
        name: str. One of `"l1"`, `"mse"`, `"negative_snr"`.

    Raises:
        ValueError: if there is no such loss.

    Example:

    >>> float(sm.losses.get("l1")(np.ones((1, 4)), np.zeros((1, 4)))[0])
    1.0
    """
    if name not in LOSSES:
        raise ValueError(f"loss must be one of {(*LOSSES,)}. Received: loss={name!r}")
    return LOSSES[name]
