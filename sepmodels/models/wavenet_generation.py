"""A `WaveNet` as `sepmodels.generation` reads it: its weights, and what it is told."""

import numpy as np

from sepmodels import features
from sepmodels.generation import Network


def network(model):
    """The weights of a `WaveNet`.

    Args:
        model: `WaveNet`.

    Returns:
        `sepmodels.generation.Network`.
    """
    blocks = [model.get_layer(f"block_{index}") for index in range(len(model.dilations))]
    (front,) = _weights(model.get_layer("front"))
    classes = model.output.shape[-1]
    if model.scalar_input:
        front = np.array(features.mu_law_decode(np.arange(classes), classes))[:, None] * front
    dilated, inner_bias = _stacked([block.dilated for block in blocks])
    skip, skip_bias = _stacked([block.to_skip for block in blocks])
    residual, residual_bias = np.zeros((0, 1, 1, 1), "float32"), np.zeros((0, 1), "float32")
    if len(blocks) > 1:
        residual, residual_bias = _stacked([block.to_residual for block in blocks[:-1]])
    condition = None
    if model.condition is not None:
        condition, bias = _stacked([block.conditioners[0] for block in blocks])
        condition, inner_bias = condition[:, 0].swapaxes(0, 1), inner_bias + bias
    head, head_bias = _weights(model.get_layer("head"))
    logits, logits_bias = _weights(model.get_layer("logits"))
    return Network(
        front=front,
        dilations=np.array(model.dilations),
        dilated=dilated,
        inner_bias=inner_bias,
        residual=residual[:, 0],
        residual_bias=residual_bias,
        skip=np.concatenate(skip[:, 0]),
        skip_bias=skip_bias.sum(axis=0),
        head=head[0],
        head_bias=head_bias,
        logits=logits[0],
        logits_bias=logits_bias,
        condition=condition,
        silence=classes // 2,
    )


def frames(model, condition, length):
    """The condition of `WaveNet.generate` as frames, and for how many samples each holds.

    Args:
        model: `WaveNet`.
        condition: as of `WaveNet.generate`.
        length: int. Samples of the primer and of what is drawn.

    Returns:
        `(conditions, hold)` as of `sepmodels.generation.sample`.

    Raises:
        ValueError: if the condition is not what the network needs.
    """
    if model.condition is None and condition is None:
        return None, None
    if model.domains and isinstance(condition, str) and condition in model.domains:
        return np.eye(len(model.domains))[None, [model.domains.index(condition)]], None
    count = -(-length // model.hop_length) if model.hop_length else 1
    if (
        model.condition is None
        or model.domains
        or np.shape(condition)[-2:] != (count, model.condition)
    ):
        needed = (
            f"one of {model.domains}"
            if model.domains
            else (f"{count} frames of {model.condition} features" if model.condition else "None")
        )
        raise ValueError(
            f"condition must be {needed}, as the network was made. Received: {condition!r}"
        )
    told = np.reshape(condition, (-1, count, model.condition))
    if model.upsampling == "learned" and model.hop_length:
        return np.array(model.get_layer("spread")(told)), 1
    return told, model.hop_length


def _weights(layer):
    return [np.array(weight) for weight in layer.get_weights()]


def _stacked(layers):
    """Kernels and biases of equal layers."""
    return [np.stack(weights) for weights in zip(*map(_weights, layers), strict=True)]
