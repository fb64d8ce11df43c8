"""Mu-law levels, the input of encoder and decoders, and the axis of the domains in a batch."""

from keras import ops

from sepmodels import signal

CLASSES = 256


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
