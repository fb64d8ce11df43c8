"""Mu-law companding, which is differentiable, and mu-law quantization."""

import math

from keras import ops

from sepmodels import _checks
from sepmodels.signal.tensor import Tensor

CONVENTIONS = ("round", "truncate")  # see `mu_law_encode`


def mu_law_compress(samples: Tensor, classes: int = 256) -> Tensor:
    """Compand samples without quantising them: quiet samples spread out, loud ones move together.

    Args:
        samples: tensor of any shape, in [-1, 1]; values outside are clipped.
        classes: int. Number of classes of the quantiser; `mu = classes - 1`. Defaults to `256`.

    Returns:
        float32 tensor in [-1, 1]: `sign(x) log(1 + mu |x|) / log(1 + mu)`.

    Reference:

    - van den Oord et al. (2016), section 2.2. "WaveNet: A Generative Model for Raw Audio".
      [arXiv:1609.03499](https://arxiv.org/abs/1609.03499)
    """
    mu = classes - 1
    samples = ops.clip(ops.cast(samples, "float32"), -1.0, 1.0)
    return ops.sign(samples) * ops.log1p(mu * ops.abs(samples)) / math.log1p(mu)


def mu_law_expand(companded: Tensor, classes: int = 256) -> Tensor:
    """Invert `mu_law_compress`; values outside [-1, 1] are clipped."""
    mu = classes - 1
    companded = ops.clip(ops.cast(companded, "float32"), -1.0, 1.0)
    return ops.sign(companded) * ops.expm1(ops.abs(companded) * math.log1p(mu)) / mu


def mu_law_encode(samples: Tensor, classes: int = 256, convention: str = "round") -> Tensor:
    """Quantise samples to classes that lie closer together at low amplitudes.

    Silence is class `classes // 2`, and class 0 is full scale. So pad a signal with zeros before
    it is encoded, or with class `classes // 2` afterwards.

    Args:
        samples: tensor of any shape, in [-1, 1]; values outside are clipped.
        classes: int. Number of classes. Defaults to `256`.
        convention: str. `"round"` takes the nearest class, so that encoding a decoded class
            gives that class again. `"truncate"` takes the class below, as the published code of
            the music translation network does; there some classes are not restored. Encode and
            decode with the same convention. Defaults to `"round"`.

    Returns:
        int32 tensor in `0 ... classes - 1`.

    Raises:
        ValueError: if the convention is unknown.

    Example:

    >>> np.asarray(sm.signal.mu_law_encode([-1.0, 0.0, 0.01, 1.0])).tolist()
    [0, 128, 157, 255]
    """
    _checks.one_of(convention=(convention, CONVENTIONS))
    position = (mu_law_compress(samples, classes) + 1) / 2 * (classes - 1)
    return ops.cast(ops.floor(position + 0.5 if convention == "round" else position), "int32")


def mu_law_decode(index: Tensor, classes: int = 256, convention: str = "round") -> Tensor:
    """Map classes to samples: the approximate inverse of `mu_law_encode`.

    Args:
        index: tensor of any shape, in `0 ... classes - 1`.
        classes: int. Number of classes. Defaults to `256`.
        convention: str. The convention of `mu_law_encode`. Defaults to `"round"`.

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
