"""`Exercise`: what a check needs to know of one."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is a function.

    Attributes:
        key: function. The library's own answer.
        arguments: function. Makes the list of argument tuples on which the two are compared.
        traps: dict. What to say, to the function that makes this mistake.
    """

    key: object
    arguments: object
    traps: dict = field(default_factory=dict)


def noise(*shape):
    """Numbers to try an answer on; always the same."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")
