"""`torch_uniform`: how a plain convolution begins in PyTorch, where several systems come from."""

import keras


def torch_uniform():
    """Returns a new initializer that draws evenly from `-1 / sqrt(n)` to `1 / sqrt(n)`.

    `n` is how many numbers an output is summed from. Keras itself draws larger ones, with which
    the sum of 63 residual branches, as in `NCWaveNet`, grows by orders of magnitude.
    """
    return keras.initializers.VarianceScaling(scale=1 / 3, mode="fan_in", distribution="uniform")
