"""`torch_uniform`: the default initializer of convolutions in PyTorch."""

import keras


def torch_uniform():
    """Return a new initializer that draws uniformly from `-1 / sqrt(n)` to `1 / sqrt(n)`.

    `n` is the fan-in of the kernel. The default of Keras draws larger weights, with which the sum
    of 63 residual branches, as in `NCWaveNet`, grows by orders of magnitude.
    """
    return keras.initializers.VarianceScaling(scale=1 / 3, mode="fan_in", distribution="uniform")
