"""`Exercise`: what a check needs to know of one."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is a function.

    Attributes:
        key: function. The library's own answer.
        arguments: function. Makes, afresh on every call, the list of argument tuples on which the
            two are compared.
        traps: dict. Hint to the function that makes this mistake.
        allowed: tuple of functions of the library that `key` calls and an answer may call, too.
    """

    key: object
    arguments: object
    traps: dict = field(default_factory=dict)
    allowed: tuple = ()


def noise(*shape):
    """Return normally distributed numbers to try an answer on; always the same."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def randomize(layer, channels, seed=0):
    """Build a layer for inputs `(batch, time, channels)`, with weights and biases as if trained."""
    layer.build((None, None, channels))
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    return layer
