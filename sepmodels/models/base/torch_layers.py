"""Layers that start with the initial weights of PyTorch, with which their authors trained."""

import keras

from sepmodels.layers.gated_residual_block import GatedResidualBlock


def make_torch_uniform():
    """Return a new initializer that draws uniformly from `-1 / sqrt(n)` to `1 / sqrt(n)`.

    `n` is the fan-in of the kernel. The default of Keras draws larger weights, with which the sum
    of 63 residual branches, as in `NCWaveNet`, grows by orders of magnitude.
    """
    return keras.initializers.VarianceScaling(scale=1 / 3, mode="fan_in", distribution="uniform")


def convolve(x, filters, kernel_size, name, **options):
    """Apply a convolution that keeps the length, unless `padding` says otherwise."""
    options = {"padding": "same", "kernel_initializer": make_torch_uniform(), **options}
    return keras.layers.Conv1D(filters, kernel_size, name=name, **options)(x)


def make_residual_block(filters, kernel_size, name, **options):
    """Return a `GatedResidualBlock`, with its arguments."""
    return GatedResidualBlock(
        filters, kernel_size, kernel_initializer=make_torch_uniform(), name=name, **options
    )
