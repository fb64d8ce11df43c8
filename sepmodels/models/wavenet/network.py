"""`Network`: the weights of a causal network, in the form that `generation.sample` reads."""

import dataclasses

import numpy as np

from sepmodels.layers.gated_residual_block import GatedResidualBlock


@dataclasses.dataclass(frozen=True)
class Network:
    """The weights of a causal network of gated blocks; all float32 but the dilations.

    It is the network of `models.WaveNet` and of the decoder of `models.MusicTranslation`, with
    `C` classes, `R` channels between the layers, `Z` channels within a layer, `K` taps of the
    dilated convolutions and `L` layers. For every sample:

    ```
    x   = sum of front[i, class of the sample before, or before that, ...]
    z_l = tanh(first half of u) * sigmoid(second half of u)
          where u = dilated[l] (x then ..., x now) + inner_bias[l] + condition part
    x   = x + residual[l] z_l + residual_bias[l]                   in all but the last layer
    s   = skip (x of the front, z_0, z_1, ...) + skip_bias         or without the front
    h   = head relu(s) + head_bias + condition part
    logits = logits relu(h) + logits_bias
    ```

    Before the first sample there is silence for `front`, the class `silence`, and zeros
    within the layers, as in a Keras convolution with causal padding.

    Attributes:
        front: `(taps, C, R)`. Contribution of a class, oldest tap first. The kernel of a
            convolution over one-hot classes is this already; for a scalar input it is the value of
            each class times the kernel. A bias is added to one tap.
        dilations: int `(L,)`.
        dilated: `(L, K, R, 2 Z)`. The first half of the last axis goes to tanh.
        inner_bias: `(L, 2 Z)`.
        residual: `(L - 1, Z, R)`.
        residual_bias: `(L - 1, R)`.
        skip: `(L Z, S)`, the kernels of the layers one after the other; `(R + L Z, S)` if the
            front has a skip kernel, which comes first.
        skip_bias: `(S,)`, the sum of the biases of the layers.
        head: `(S, H)`.
        head_bias: `(H,)`.
        logits: `(H, C)`.
        logits_bias: `(C,)`.
        condition: `(F, L, 2 Z)` or None. Kernels of the condition, one for each layer, whose
            biases are added to `inner_bias`.
        head_condition: `(F, H)` or None. Kernel of the condition at the head.
        silence: int. The class before the start.
    """

    front: np.ndarray
    dilations: np.ndarray
    dilated: np.ndarray
    inner_bias: np.ndarray
    residual: np.ndarray
    residual_bias: np.ndarray
    skip: np.ndarray
    skip_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray
    logits: np.ndarray
    logits_bias: np.ndarray
    condition: np.ndarray | None = None
    head_condition: np.ndarray | None = None
    silence: int = 128

    @classmethod
    def from_model(cls, model, values=None):
        """Read the weights of a functional model.

        Args:
            model: `keras.Model` whose blocks, a `GatedResidualBlock` each, follow one another; all
                have a skip output, all but the last a residual one, and all or none have a
                condition. Its other convolutions are called `"front"`, `"head"` and `"logits"`
                and, if there are any, `"front_skip"` and `"head_condition"`.
            values: array `(classes,)` or None. What the first convolution reads for each class,
                and last what it reads before the first sample. `None`: the classes one-hot, and
                before the first sample the middle class.

        Returns:
            `Network`.
        """
        blocks = [layer for layer in model.layers if isinstance(layer, GatedResidualBlock)]
        named = {layer.name: layer.get_weights() for layer in model.layers}
        front, *front_bias = named["front"]
        if values is not None:
            front = np.asarray(values, "float32")[:, None] * front
        front[-1] += sum(front_bias)
        dilated, inner_bias = _stack(block.dilated for block in blocks)
        # A single block has no residual convolution.
        residual, residual_bias = np.zeros((0, 1, 1, 1), "float32"), np.zeros((0, 1), "float32")
        if len(blocks) > 1:
            residual, residual_bias = _stack(block.to_residual for block in blocks[:-1])
        skip, skip_bias = _stack(block.to_skip for block in blocks)
        skip, skip_bias = np.concatenate(skip[:, 0]), skip_bias.sum(axis=0)
        if "front_skip" in named:
            kernel, bias = named["front_skip"]
            skip, skip_bias = np.concatenate([kernel[0], skip]), bias + skip_bias
        (head, head_bias), (logits, logits_bias) = named["head"], named["logits"]
        condition = head_condition = None
        if blocks[0].conditioners:
            kernels, bias = _stack(block.conditioners[0] for block in blocks)
            condition, inner_bias = kernels[:, 0].swapaxes(0, 1), inner_bias + bias
        if "head_condition" in named:
            kernel, bias = named["head_condition"]
            head_condition, head_bias = kernel[0], head_bias + bias
        return cls(
            front=front,
            dilations=np.array([block.dilation for block in blocks]),
            dilated=dilated,
            inner_bias=inner_bias,
            residual=residual[:, 0],
            residual_bias=residual_bias,
            skip=skip,
            skip_bias=skip_bias,
            head=head[0],
            head_bias=head_bias,
            logits=logits[0],
            logits_bias=logits_bias,
            condition=condition,
            head_condition=head_condition,
            silence=front.shape[1] // 2 if values is None else len(values) - 1,
        )


def _stack(convolutions):
    """Return the kernels and the biases of convolutions of one shape."""
    weights = [convolution.get_weights() for convolution in convolutions]
    return [np.stack(alike) for alike in zip(*weights, strict=True)]
