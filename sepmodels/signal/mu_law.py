"""Mu-law companding and quantization, differentiable where it is not quantized."""

import math

from keras import ops

from sepmodels import _checks

CONVENTIONS = ("round", "truncate")  # see `mu_law_encode`


def mu_law_compress(samples, classes=256):
    """Mu-law companding without quantisation: soft samples are spread, loud ones squeezed.

    Args:
        samples: tensor of any shape, in [-1, 1]; what is louder is clipped.
        classes: int. Of the quantiser that it is made for; `mu = classes - 1`.

    Returns:
        float32 tensor in [-1, 1]: `sign(x) log(1 + mu |x|) / log(1 + mu)`.

    Reference:

    - van den Oord et al. (2016), section 2.2. "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """
    mu = classes - 1
    samples = ops.clip(ops.cast(samples, "float32"), -1.0, 1.0)
    return ops.sign(samples) * ops.log1p(mu * ops.abs(samples)) / math.log1p(mu)


def mu_law_expand(companded, classes=256):
    """Inverse of `mu_law_compress`; what lies outside of [-1, 1] is clipped."""
    mu = classes - 1
    companded = ops.clip(ops.cast(companded, "float32"), -1.0, 1.0)
    return ops.sign(companded) * ops.expm1(ops.abs(companded) * math.log1p(mu)) / mu


def mu_law_encode(samples, classes=256, convention="round"):
    """Quantises samples to classes that are finer where it is soft.

    Silence is class `classes // 2`, so a signal is padded before it is encoded, or with that
    class after: class 0 is full scale.

    Args:
        samples: tensor of any shape, in [-1, 1]; what is louder is clipped.
        classes: int. How many.
        convention: str. `"round"` takes the nearest class, and every class comes back from
            `mu_law_decode`. `"truncate"` takes the class below, as the published code of the
            music translation network does, whose classes do not all come back. The two must
            not be mixed.

    Returns:
        int32 tensor in `0 ... classes - 1`.

    Raises:
        ValueError: if the convention is unknown.

    Example:

    >>> np.asarray(sm.signal.mu_law_encode([-1.0, 0.0, 0.01, 1.0])).tolist()
    [0, 128, 157, 255]
    """
    _checks.one_of(convention=(convention, CONVENTIONS))
    level = (mu_law_compress(samples, classes) + 1) / 2 * (classes - 1)
    return ops.cast(ops.floor(level + 0.5 if convention == "round" else level), "int32")


def mu_law_decode(index, classes=256, convention="round"):
    """Samples of classes: the inverse of `mu_law_encode`, as far as there is one.

    Args:
        index: tensor of any shape, in `0 ... classes - 1`.
        classes: int. How many.
        convention: str. That of `mu_law_encode`.

    Returns:
        float32 tensor in [-1, 1].

    Raises:
        ValueError: if the convention is unknown.
    """
    _checks.one_of(convention=(convention, CONVENTIONS))
    index = ops.cast(index, "float32")
    if convention == "round":
        return mu_law_expand(2 * index / (classes - 1) - 1, classes)
    return mu_law_expand(2 * index / classes - 1, classes)
