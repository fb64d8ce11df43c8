"""Layers that start with the initial weights of PyTorch, with which their authors trained."""

import keras

from sepmodels.layers.gated_residual_block import GatedResidualBlock
from sepmodels.layers.initializer import torch_uniform


def make_conv1d(filters, kernel_size, name, **options):
    """A convolution over time that keeps the length, unless `padding` says otherwise."""
    options = {"padding": "same", "kernel_initializer": torch_uniform(), **options}
    return keras.layers.Conv1D(filters, kernel_size, name=name, **options)


def make_residual_block(filters, kernel_size, name, **options):
    """A `GatedResidualBlock`, with its arguments."""
    return GatedResidualBlock(
        filters, kernel_size, kernel_initializer=torch_uniform(), name=name, **options
    )
