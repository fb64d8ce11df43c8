"""The weights and conditions of a `WaveNet`, in the form that `generation` reads."""

import numpy as np

from sepmodels import signal
from sepmodels.models.wavenet.block_weights import of_blocks
from sepmodels.models.wavenet.generation import Network


def network(model):
    """The weights of a `WaveNet`.

    Args:
        model: `WaveNet`.

    Returns:
        `sepmodels.models.wavenet.generation.Network`.
    """
    (front,) = model.get_layer("front").get_weights()
    classes = model.output.shape[-1]
    if model.scalar_input:
        front = np.array(signal.mu_law_decode(np.arange(classes), classes))[:, None] * front
    head, head_bias = model.get_layer("head").get_weights()
    logits, logits_bias = model.get_layer("logits").get_weights()
    return Network(
        **of_blocks(model),
        front=front,
        head=head[0],
        head_bias=head_bias,
        logits=logits[0],
        logits_bias=logits_bias,
        silence=classes // 2,
    )


def frames(model, condition, length):
    """The condition of `WaveNet.generate` as frames, and for how many samples each holds.

    Args:
        model: `WaveNet`.
        condition: as of `WaveNet.generate`.
        length: int. Samples of the primer and of what is drawn.

    Returns:
        `(conditions, hold)` as of `sepmodels.models.wavenet.generation.sample`.

    Raises:
        ValueError: if the condition is not what the network needs.
    """
    if model.condition is None:
        needed = "None"
        if condition is None:
            return None, None
    elif model.domains:
        needed = f"one of {model.domains}"
        if isinstance(condition, str) and condition in model.domains:
            return np.eye(len(model.domains))[None, [model.domains.index(condition)]], None
    else:
        count = -(-length // model.hop_length) if model.hop_length else 1
        needed = f"{count} frames of {model.condition} features"
        if np.shape(condition)[-2:] == (count, model.condition):
            told = np.reshape(condition, (-1, count, model.condition))
            if model.upsampling == "learned" and model.hop_length:
                return np.array(model.get_layer("spread")(told)), 1
            return told, model.hop_length
    raise ValueError(
        f"condition must be {needed}, as the network was made. Received: {condition!r}"
    )
