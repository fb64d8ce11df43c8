"""The weights of gated blocks, stacked for `sepmodels.models.wavenet.generation`."""

import numpy as np

from sepmodels.layers.gated_residual_block import GatedResidualBlock


def of_blocks(model):
    """What the gated blocks of a causal network say of its `generation.Network`.

    Args:
        model: functional `keras.Model` whose blocks, a `GatedResidualBlock` each, follow one
            another; all have a skip output, all but the last a residual one, and all or none
            have a condition.

    Returns:
        dict from field of `Network` to array: `dilations` and whatever belongs to a layer.
    """
    blocks = [layer for layer in model.layers if isinstance(layer, GatedResidualBlock)]
    dilated, inner_bias = _stacked([block.dilated for block in blocks])
    skip, skip_bias = _stacked([block.to_skip for block in blocks])
    residual = np.zeros((0, 1, 1, 1), "float32")  # a single block has none
    residual_bias, condition = np.zeros((0, 1), "float32"), None
    if len(blocks) > 1:
        residual, residual_bias = _stacked([block.to_residual for block in blocks[:-1]])
    if blocks[0].conditioners:
        condition, bias = _stacked([block.conditioners[0] for block in blocks])
        condition, inner_bias = condition[:, 0].swapaxes(0, 1), inner_bias + bias
    return {
        "dilations": np.array([block.dilation for block in blocks]),
        "dilated": dilated,
        "inner_bias": inner_bias,
        "residual": residual[:, 0],
        "residual_bias": residual_bias,
        "skip": np.concatenate(skip[:, 0]),
        "skip_bias": skip_bias.sum(axis=0),
        "condition": condition,
    }


def _stacked(convolutions):
    """Kernels and biases of convolutions that are alike."""
    weights = [convolution.get_weights() for convolution in convolutions]
    return [np.stack(alike) for alike in zip(*weights, strict=True)]
