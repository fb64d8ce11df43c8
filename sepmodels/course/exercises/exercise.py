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
